"""A folder of MIMIC-III tables as the facts of a scratch lake, and as plain tables beside them.

Here: rendering, replaying through the product, reading the signals back, and what of them is true
in the end. Not here: what is computed from them (mimic3_inputs.py, mimic3_scores.py).
"""

from pathlib import Path

import duckdb
import pyarrow as pa

from clinical.normalise import signals
from lakehouse.catalogue import connect
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from lakehouse.lineage import SCORED_FACTS
from lakehouse.tables import OBSERVATIONS
from pulsehouse.render import mimic3, tables
from pulsehouse.render.mimic3_source import REQUIRED, TABLES
from streaming.replay import replay

FEED = "mimic3"
# What the reference is computed from and the render does not read.
_MORE = {
    "chartevents": ("icustay_id",),
    "outputevents": ("icustay_id",),
    "inputevents_mv": ("icustay_id",),
    "inputevents_cv": ("icustay_id", "stopped"),
    "icustays": ("icustay_id", "subject_id", "hadm_id", "intime", "outtime", "dbsource"),
}
_SOURCE = {
    name: tuple(dict.fromkeys((*TABLES.get(name, ()), *_MORE.get(name, ()))))
    for name in {*TABLES, *_MORE}
}


def lake_of(data: Path, scratch: Path) -> Lake:
    """The tables of `data`, rendered as messages and replayed into a lake of their own."""
    scratch.mkdir(parents=True, exist_ok=True)
    place = scratch / "lake"
    known = place.exists()
    lake = Lake.open(place, create=not known)
    if not known:
        feed = scratch / "feed.hl7"
        mimic3.render(data, feed)
        replay(lake, load_profile(FEED), [feed])
        feed.unlink()
    return lake


def signals_of(lake: Lake) -> pa.Table:
    """Every signal of a lake of one feed, in the order in which it was learnt."""
    with connect(lake) as connection:
        facts = {
            name: connection.execute(
                f'select * from {name} order by "offset", "row"'  # noqa: S608 the contract's names
            ).to_arrow_table()
            for name in SCORED_FACTS
        }
    found = signals(facts)
    found = found.append_column("place", pa.array(range(len(found))))
    return found.sort_by([("offset", "ascending"), ("place", "ascending")]).drop_columns("place")


def _not_scored(lake: Lake) -> pa.Table:
    with connect(lake, tables=(OBSERVATIONS,)) as connection:
        return connection.execute(_UNSCORED).to_arrow_table()


def compared(data: Path, scores: Path, lake: Lake, learnt: pa.Table) -> duckdb.DuckDBPyConnection:
    """A connection with what is true of our facts, the source tables and the reference.

    `fact`: the last version of every signal that was not withdrawn; `told`: every signal;
    `unscored`: observations that count for nothing, with why; `superseded`: what was stored again;
    `source.*`: MIMIC-III's tables as text; `reference.*`: mimic-code's.
    """
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set threads = 1")
    connection.execute("create schema files; create schema source; create schema reference")
    connection.execute("set schema = 'files'")
    tables.attach(connection, data, _SOURCE, REQUIRED | {"icustays"})
    connection.execute("set schema = 'main'")
    for name in _SOURCE:
        connection.execute(f"create table source.{name} as from files.{name}")
    for path in sorted(scores.glob("*.csv*")):
        name = path.name.partition(".")[0]
        sql = f"create table reference.{name} as from read_csv($path)"
        connection.execute(sql, {"path": str(path)})
    connection.register("learnt", learnt)
    connection.execute(_TOLD)
    connection.register("not_scored", _not_scored(lake))
    connection.execute("create table unscored as from not_scored")
    connection.execute(_FACT)
    connection.execute(_SUPERSEDED)
    connection.execute(_HOURS)
    return connection


# The last version of an observation that says a number which is not scored, and why it is not.
_UNSCORED = """
select patient_id, concept, effective_at::timestamp as moment, value, not_scored_reason as reason
from observations
where concept is not null
qualify row_number() over (partition by observation_id order by "offset" desc, "row" desc) = 1
    and not_scored_reason is not null
"""
_TOLD = """
create table told as
select patient_id, concept, effective_at::timestamp as moment, value, void, signal_id,
    row_number() over () as arrival
from learnt
"""
_FACT = """
create table fact as
select patient_id, concept, moment, value, signal_id from told
qualify row_number() over (partition by patient_id, concept, signal_id order by arrival desc) = 1
    and not void
"""
# What was stored again with another value.
_SUPERSEDED = """
create table superseded as
select t.patient_id, t.concept, t.moment, t.value
from told t join fact f using (patient_id, concept, signal_id)
where not t.void and t.value <> f.value
"""
# The reference has an hour twice where two of its joins find two rows.
_HOURS = """
create table hours as
select distinct s.subject_id::varchar as patient_id, icustay_id::bigint as icustay_id,
    s.hadm_id::bigint as hadm_id, hr, starttime, endtime
from reference.pivoted_sofa join (
    select subject_id, hadm_id, icustay_id::bigint as icustay_id from source.icustays
) s using (icustay_id)
"""
