"""The marts over all 57 patients against tables that others computed from the same source.

Laboratory values, vital signs, coma scales and the inputs of SOFA: mimic-code, run on the source
by its own SQL (mimic3_demo_scores). Census and readmissions: the source's own transfers, admissions
and discharges, counted here in another way than by events.
"""

from pathlib import Path

import duckdb
import pytest

from lakehouse.catalogue import quoted_text
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from pulsehouse.render import mimic3
from streaming.replay import replay
from tests.orchestration.dbt_runs import dbt, reader

# Of the charted items only those that the profile maps, and no medicines: what is compared here.
TABLES = (
    *("patients", "admissions", "transfers", "services", "callout", "diagnoses_icd"),
    *("chartevents", "labevents", "d_items", "d_labitems", "d_icd_diagnoses"),
)
LEFT_EMPTY = (
    *("outputevents", "microbiologyevents", "prescriptions"),
    *("inputevents_mv", "inputevents_cv", "cptevents"),
)
COMPUTED = ("pivoted_lab", "pivoted_vital", "pivoted_gcs", "pivoted_sofa", "icustay_detail")
# Column of theirs, concept of ours, and how many moments theirs has.
LABS = {
    ("aniongap", "anion_gap"): 953,
    ("albumin", "albumin"): 155,
    ("bicarbonate", "bicarbonate"): 958,
    ("bilirubin", "bilirubin_total"): 286,
    ("creatinine", "creatinine"): 969,
    ("chloride", "chloride"): 962,
    ("hematocrit", "haematocrit"): 1031,
    ("hemoglobin", "haemoglobin"): 873,
    ("lactate", "lactate"): 343,
    ("platelet", "platelets"): 912,
    ("potassium", "potassium"): 1016,
    ("ptt", "ptt"): 655,
    ("inr", "inr"): 643,
    ("sodium", "sodium"): 980,
    ("bun", "bun"): 971,
    ("wbc", "wbc"): 875,
}
VITALS = {
    ("heartrate", "heart_rate"): 9807,
    ("sysbp", "systolic_bp"): 9333,
    ("diasbp", "diastolic_bp"): 9331,
    ("meanbp", "mean_bp"): 9600,
    ("resprate", "respiratory_rate"): 9815,
    ("tempc", "temperature"): 2961,
    ("spo2", "spo2"): 9751,
}
# A second arterial line, which the profile maps and mimic-code leaves out.
NOT_THEIRS = "('225309', '225310')"
GCS = {
    ("gcsmotor", "gcs_motor"): 2456,
    ("gcseyes", "gcs_eye"): 2478,
    ("gcsverbal", "gcs_verbal"): 1094,
}
SOFA = {
    ("meanbp_min", "mean_bp", "min"): 8026,
    ("bilirubin_max", "bilirubin_total", "max"): 203,
    ("creatinine_max", "creatinine", "max"): 617,
    ("platelet_min", "platelets", "min"): 572,
}
READMISSIONS = """
    with stays as (
        select
            subject_id,
            admittime::timestamp as admitted,
            dischtime::timestamp as discharged,
            hospital_expire_flag = '1' as died
        from theirs.admissions
    ),
    followed as (
        select
            strftime(discharged, '%Y') || 'Q' || quarter(discharged) as quarter_of,
            died,
            exists (
                from stays as later
                where later.subject_id = stays.subject_id
                  and later.admitted > stays.discharged
                  and later.admitted <= stays.discharged + interval 30 day
            ) as again
        from stays
    ),
    counted as (
        select
            quarter_of,
            count(*) filter (where not died) as alive,
            count(*) filter (where again and not died) as again
        from followed group by all
    )
    select
        count(*),
        sum(alive),
        sum(again),
        count(*) filter (where alive = index_discharges and again = readmissions)
    from counted full join marts.readmissions_by_quarter on quarter_of = quarter
"""
# The bed of the dead, and of who has gone, is kept for a while; our census ends with the visit. Of
# one visit the source has a transfer before the admission: which is right, nobody can tell.
CENSUS = """
    with stays as (
        select
            transfers.hadm_id,
            curr_careunit as unit,
            intime::timestamp as came,
            least(outtime::timestamp, dischtime::timestamp) as went,
            intime::timestamp < admittime::timestamp and eventtype = 'transfer' as too_early
        from theirs.transfers join theirs.admissions using (hadm_id)
        where curr_careunit is not null
    ),
    hours as (
        select
            unit,
            hadm_id,
            unnest(generate_series(
                date_trunc('hour', came + interval 1 hour - interval 1 microsecond),
                went - interval 1 microsecond,
                interval 1 hour
            )) as hour
        from stays
        where hadm_id not in (select hadm_id from stays where too_early)
    ),
    counted as (select unit, hour, count(*) as patients from hours group by all),
    ours as (
        select unit, hour_at::timestamp as hour, patients from marts.census_hourly
        where unit in (select unit from stays)
    )
    select
        (select count(distinct hadm_id) from stays where too_early),
        count(counted.hour),
        count(*) filter (where counted.patients = ours.patients)
    from counted left join ours using (unit, hour)
"""


@pytest.fixture(scope="module")
def both(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The marts, and the tables of others in the schema `theirs`."""
    place = tmp_path_factory.mktemp("mimic3")
    _cut_out(shared_data / "mimic3_demo", place / "tables")
    mimic3.render(place / "tables", place / "feed.hl7")
    lake = Lake.open(place / "lake", create=True)
    replay(lake, load_profile("mimic3"), [place / "feed.hl7"])
    dbt(lake, "run", "--select", "fct_observations", "+census_hourly", "readmissions_by_quarter")
    connection = reader(lake)
    connection.execute("create schema theirs")
    for folder, names in (
        ("mimic3_demo_scores", COMPUTED),
        ("mimic3_demo", ("admissions", "transfers")),
    ):
        for name in names:
            file = quoted_text(str(shared_data / folder / f"{name}.csv.gz"))
            connection.execute(f"create table theirs.{name} as from read_csv({file})")
    connection.execute(
        "create table ours as"
        " select *, effective_at::timestamp as moment from marts.fct_observations"
    )
    return connection


@pytest.mark.parametrize(("names", "moments"), LABS.items(), ids=str)
def test_every_laboratory_value_of_theirs_is_ours_at_its_moment(
    both: duckdb.DuckDBPyConnection, names: tuple[str, str], moments: int
) -> None:
    """Of two results of one minute theirs keeps one, ours both."""
    sql = f"""
        with theirs as (
            select distinct
                subject_id::varchar as patient, charttime as moment, {names[0]} as number
            from theirs.pivoted_lab where {names[0]} is not null
        )
        select
            count(*),
            count(*) filter (where exists (
                from ours
                where patient_id = patient and ours.moment = theirs.moment
                  and concept = $concept and abs(value - number) < 1e-9
            ))
        from theirs
    """  # noqa: S608 names of the table above
    assert both.execute(sql, {"concept": names[1]}).fetchone() == (moments, moments)


@pytest.mark.parametrize(("names", "moments"), VITALS.items(), ids=str)
def test_vital_signs_are_theirs_at_every_moment_and_there_are_no_others(
    both: duckdb.DuckDBPyConnection, names: tuple[str, str], moments: int
) -> None:
    """The mean where a moment has two, as theirs."""
    sql = f"""
        with theirs as (
            select subject_id::varchar as patient, charttime as moment, avg({names[0]}) as number
            from theirs.pivoted_vital join theirs.icustay_detail using (icustay_id)
            where {names[0]} is not null group by all
        ),
        mine as (
            select patient_id as patient, moment, avg(value) as number from ours
            where concept = $concept and is_scored and code_system = 'MIMIC_CHART'
              and code not in {NOT_THEIRS}
            group by all
        )
        select count(*), count(*) filter (where abs(theirs.number - mine.number) < 1e-6)
        from theirs full join mine using (patient, moment)
    """  # noqa: S608 names of the table above
    assert both.execute(sql, {"concept": names[1]}).fetchone() == (moments, moments)


@pytest.mark.parametrize(("names", "moments"), GCS.items(), ids=str)
def test_every_coma_score_of_ours_is_theirs(
    both: duckdb.DuckDBPyConnection, names: tuple[str, str], moments: int
) -> None:
    """Theirs has more: it carries a part forward, and has 0 for a verbal part of the intubated."""
    sql = f"""
        with theirs as (
            select subject_id::varchar as patient, charttime as moment, {names[0]} as number
            from theirs.pivoted_gcs join theirs.icustay_detail using (icustay_id)
        ),
        mine as (
            select patient_id as patient, moment, max(value) as number from ours
            where concept = $concept and is_scored group by all
        )
        select count(*), count(*) filter (where theirs.number = mine.number)
        from mine left join theirs using (patient, moment)
    """  # noqa: S608 names of the table above
    assert both.execute(sql, {"concept": names[1]}).fetchone() == (moments, moments)


@pytest.mark.parametrize(("names", "hours"), SOFA.items(), ids=str)
def test_hourly_inputs_of_sofa_are_theirs(
    both: duckdb.DuckDBPyConnection, names: tuple[str, str, str], hours: int
) -> None:
    """Worst value of each hour; theirs keeps one creatinine that ours does not score."""
    sql = f"""
        with theirs as (
            select icustay_id, hr, starttime, endtime, subject_id::varchar as patient,
                {names[0]} as number
            from theirs.pivoted_sofa join theirs.icustay_detail using (icustay_id)
        ),
        mine as (
            select icustay_id, hr, {names[2]}(value) as number
            from theirs
            join ours on patient = patient_id and moment > starttime and moment <= endtime
            where concept = $concept and (is_scored or code_system = 'MIMIC_LAB')
            group by all
        )
        select
            count(theirs.number), count(*) filter (where abs(theirs.number - mine.number) < 1e-6)
        from theirs left join mine using (icustay_id, hr)
    """  # noqa: S608 names of the table above
    assert both.execute(sql, {"concept": names[1]}).fetchone() == (hours, hours)


def test_census_of_intensive_care_is_that_of_the_transfers(
    both: duckdb.DuckDBPyConnection,
) -> None:
    early, hours, equal = both.execute(CENSUS).fetchone() or (0, 0, -1)
    assert (early, hours > 8_900) == (1, True)
    assert equal == hours


def test_readmissions_are_those_of_the_admissions(both: duckdb.DuckDBPyConnection) -> None:
    """67 quarters with a discharge, 51 discharges alive, 5 of them back within 30 days."""
    assert both.execute(READMISSIONS).fetchone() == (67, 51, 5, 67)


def _cut_out(source: Path, place: Path) -> None:
    place.mkdir()
    codes = [code for system, code in load_profile("mimic3").codes if system == "MIMIC_CHART"]
    with duckdb.connect() as connection:
        for name in (*TABLES, *LEFT_EMPTY):
            rows = connection.read_csv(
                str(source / f"{name}.csv.gz"), header=True, all_varchar=True, quotechar='"'
            )
            if name in LEFT_EMPTY:
                rows = rows.limit(0)
            if name == "chartevents":
                listed = ", ".join(map(quoted_text, codes))
                rows = rows.filter(f"itemid in ({listed})")
            rows.write_csv(str(place / f"{name}.csv"), header=True)
