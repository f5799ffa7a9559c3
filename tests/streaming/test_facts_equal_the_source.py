"""What the lake holds of a patient is what the source tables hold, to the value and the minute."""

from pathlib import Path

import duckdb
import pytest

from lakehouse.catalogue import connect
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from pulsehouse.render import mimic3
from streaming.replay import replay

DIALECT = "all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"'"
SOURCES = {"chartevents": "MIMIC_CHART", "labevents": "MIMIC_LAB"}


@pytest.fixture(scope="module")
def both(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """A connection with the lake's views, and the source tables in the schema `source`."""
    folder = tmp_path_factory.mktemp("mimic3")
    mimic3.render(shared_data / "mimic3_demo", folder / "feed.hl7")
    lake = Lake.open(folder / "lake", create=True)
    outcome = replay(lake, load_profile("mimic3"), [folder / "feed.hl7"])
    assert outcome.messages == outcome.dispositions["parsed"] > 60_000
    connection = connect(lake)
    connection.execute("create schema source")
    for name in (*SOURCES, "d_items", "d_labitems", "cptevents", "admissions"):
        path = str(shared_data / "mimic3_demo" / f"{name}.csv.gz")
        connection.execute(
            f"create table source.{name} as from read_csv($path, {DIALECT})", {"path": path}
        )
    return connection


@pytest.mark.parametrize("table", SOURCES)
def test_every_value_of_the_source_is_an_observation_with_its_time_and_unit(
    both: duckdb.DuckDBPyConnection, table: str
) -> None:
    """Per patient, item, time and value; error=1 rows are there and retracted."""
    kept = "and coalesce(error, '0') = '0'" if table == "chartevents" else ""
    theirs = f"""
        select subject_id as patient, itemid::varchar as item, charttime::timestamp as at,
            trim(value) as value, trim(coalesce(valueuom, '')) as unit
        from source.{table}
        where value is not null and trim(value) <> '' {kept}
    """  # noqa: S608
    ours = """
        select patient_id as patient,
            -- a pick list adds its choice to the item, a gas its specimen
            split_part(split_part(code, '/', 1), '-', 1) as item, effective_at::timestamp as at,
            trim(value_text) as value, trim(coalesce(unit_as_sent, '')) as unit
        from observations
        where code_system = $system and status <> 'entered_in_error'
            and not exists (
                select 1 from observations w
                where w.observation_id = observations.observation_id
                    and w.status = 'entered_in_error'
            )
    """
    both.execute(f"create or replace temp table theirs as {theirs}")
    both.execute(f"create or replace temp table ours as {ours}", {"system": SOURCES[table]})
    count = "select count(*) from"
    [total] = both.execute(f"{count} theirs").fetchone() or (0,)
    [missing] = both.execute(f"{count} (from theirs except all from ours)").fetchone() or (-1,)
    [added] = both.execute(f"{count} (from ours except all from theirs)").fetchone() or (-1,)
    assert (total > 40_000, missing, added) == (True, 0, 0)


def test_documentation_lag_is_that_of_the_source(both: duckdb.DuckDBPyConnection) -> None:
    sql = """
        with theirs as (
            select median(epoch(storetime::timestamp - charttime::timestamp)) as lag
            from source.chartevents
            where value is not null and coalesce(error, '0') = '0'
        ),
        ours as (
            select median(epoch(documented_at - effective_at)) as lag from observations
            where code_system = 'MIMIC_CHART' and status = 'final'
        )
        select theirs.lag, ours.lag from theirs, ours
    """
    theirs, ours = both.execute(sql).fetchone() or (0, 1)
    assert abs(theirs - ours) <= 60


def test_every_charge_of_the_source_is_a_charge_with_its_patient_visit_code_and_day(
    both: duckdb.DuckDBPyConnection,
) -> None:
    """Known when its day is over, and one without a day at discharge."""
    theirs = """
        select cptevents.row_id as transaction_id, cptevents.subject_id as patient,
            cptevents.hadm_id as visit, cpt_cd as code, coalesce(costcenter, '') as cost_centre,
            description, chartdate::timestamp as day,
            coalesce(chartdate::timestamp + interval 1 day, dischtime::timestamp) as known_at
        from source.cptevents left join source.admissions using (hadm_id)
        where known_at is not null
    """
    ours = """
        select transaction_id, patient_id as patient, encounter_id as visit, code,
            coalesce(cost_centre, '') as cost_centre, description, transaction_at::timestamp as day,
            received_at::timestamp as known_at
        from charges
        where event = 'charge' and quantity = 1 and code_system = 'C4' and amount is null
            and posted_at = received_at and documented_at = received_at
    """
    both.execute(f"create or replace temp table theirs as {theirs}")
    both.execute(f"create or replace temp table ours as {ours}")
    count = "select count(*) from"
    [total] = both.execute(f"{count} charges").fetchone() or (0,)
    [missing] = both.execute(f"{count} (from theirs except all from ours)").fetchone() or (-1,)
    [added] = both.execute(f"{count} (from ours except all from theirs)").fetchone() or (-1,)
    [source] = both.execute(f"{count} source.cptevents").fetchone() or (-1,)
    assert (total, missing, added) == (source, 0, 0)
    assert total > 800
