"""The differences of a night as they are stored: down to both rows and the message that explains.

Here: the relation with the contract's columns, and its counts per class. Not here: classes
(deciding.py), or storing (comparing.py).
"""

from collections.abc import Callable, Mapping

import duckdb

from lakehouse.batch.reconciliation import EXPLAINED, UNEXPLAINED
from lakehouse.catalogue import quoted_name, quoted_text
from orchestration.jobs.contract import Compared, JobContract
from orchestration.reconciliation.sides import key_of, unequal
from orchestration.reconciliation.window import Window

RELATION = "found_differences"

_VIEW = """
create temp view {relation} as
select
    {night} as night,
    d.number,
    {evidence} as evidence_id,
    decided.class,
    decided.class in ({explained}) as is_explained,
    decided.is_wrong_patient,
    decided.reason,
    coalesce(d.l.patient_id, d.s.patient_id) as patient_id,
    coalesce(d.l.encounter_id, d.s.encounter_id) as encounter_id,
    to_json(struct_pack({key}))::varchar as business_key,
    {column} as "column",
    {legacy_value} as legacy_value,
    {stream_value} as stream_value,
    d.l.source as legacy_source,
    d.l.line as legacy_line,
    d.s.feed as feed,
    d.s."partition" as "partition",
    d.s."offset" as "offset",
    d.s."row" as "row",
    decided.cause.feed as cause_feed,
    decided.cause."partition" as cause_partition,
    decided.cause."offset" as cause_offset,
    decided.cause.received_at as cause_at
from differing as d inner join decided using (number)
"""
_COUNTS = """
select class, count(*), count(*) filter (is_wrong_patient)
from {relation}
group by class
"""


def show(
    connection: duckdb.DuckDBPyConnection, job: JobContract, window: Window, evidence_id: str
) -> None:
    """Make the view `RELATION` over what was decided."""
    connection.execute(
        _VIEW.format(
            relation=RELATION,
            night=window.night_sql,
            evidence=quoted_text(evidence_id),
            explained=", ".join(map(quoted_text, EXPLAINED)),
            key=", ".join(_key_part(name) for name in key_of(job)),
            column=f"case when d.has_l and d.has_s then {_of_first(job, _name)} end",
            legacy_value=_value(job, "l"),
            stream_value=_value(job, "s"),
        )
    )


def counts(connection: duckdb.DuckDBPyConnection) -> tuple[Mapping[str, int], int]:
    """Differences per class, and how many of them are another patient's."""
    rows = connection.execute(_COUNTS.format(relation=RELATION)).fetchall()
    by_class = {name: count for name, count, _ in rows}
    found = {name: by_class.get(name, 0) for name in (*EXPLAINED, *UNEXPLAINED)}
    return found, sum(wrong for _, _, wrong in rows)


def _key_part(name: str) -> str:
    column = quoted_name(name)
    return f"{column} := coalesce(d.l.{column}, d.s.{column})"


def _name(column: Compared) -> str:
    return quoted_text(column.name)


def _value(job: JobContract, side: str) -> str:
    """The first compared column that differs, as text; of a lone row, whatever it says first."""
    texts = [f"d.{side}.{quoted_name(column.name)}::varchar" for column in job.compared]
    differing = _of_first(job, lambda column: f"d.{side}.{quoted_name(column.name)}::varchar")
    return f"case when d.has_l and d.has_s then {differing} else coalesce({', '.join(texts)}) end"


def _of_first(job: JobContract, expression: Callable[[Compared], str]) -> str:
    cases = " ".join(
        f"when {unequal(column, 'd.l', 'd.s')} then {expression(column)}" for column in job.compared
    )
    return f"case {cases} end"
