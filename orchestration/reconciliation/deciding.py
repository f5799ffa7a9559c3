"""One class per difference: rules in a fixed order, of which the first that applies decides.

Here: the table `decided`, the view `undecided`, running the rules, and what is left when none
applies. Not here: the rules (result_rules.py, snapshot_rules.py).

A rule is a query over `undecided` with the columns number, class, reason, cause and
is_wrong_patient. It sees only what the rules before it left, so a row that has its cause explains
nobody else's. Where it finds several causes, the earliest received counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

# A cause is the message that explains a difference.
CAUSE = 'struct(feed varchar, "partition" integer, "offset" bigint, received_at timestamptz)'
NO_CAUSE = f"null::{CAUSE}"

_TABLES = (
    f"""
    create temp table decided (
        number bigint primary key, class varchar, reason varchar, cause {CAUSE},
        is_wrong_patient boolean
    )
    """,
    """
    create temp view undecided as
    from differing where number not in (select number from decided)
    """,
)
_DECIDE = """
insert into decided
select number, class, reason, cause, is_wrong_patient
from ({rule})
qualify row_number() over (
    partition by number
    order by
        cause.received_at, cause.feed, cause."partition", cause."offset", reason, is_wrong_patient
) = 1
"""
_REST = f"""
select
    number,
    case
        when not has_s then 'missing_in_stream'
        when not has_l then 'missing_in_legacy'
        else 'value'
    end as class,
    case
        when not has_s then 'only the job has it, and no message explains why'
        when not has_l then 'only the stream has it, and nothing explains why'
        else 'the two differ, and nothing explains why'
    end as reason,
    {NO_CAUSE} as cause,
    false as is_wrong_patient
from undecided
"""  # noqa: S608 our names


@dataclass(frozen=True, slots=True)
class Lookup:
    """A statement that makes what later rules read."""

    sql: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A query that gives some of `undecided` their class."""

    sql: str


def decide(connection: duckdb.DuckDBPyConnection, steps: Iterable[Lookup | Rule]) -> None:
    """Give every row of `differing` its class.

    Args:
        connection: With the tables of sides.py.
        steps: Lookups and rules, in order.
    """
    for statement in _TABLES:
        connection.execute(statement)
    for step in (*steps, Rule(_REST)):
        if isinstance(step, Rule) and not _is_any_left(connection):
            return
        sql = _DECIDE.format(rule=step.sql) if isinstance(step, Rule) else step.sql
        connection.execute(sql)


def _is_any_left(connection: duckdb.DuckDBPyConnection) -> bool:
    return connection.execute("select 1 from undecided limit 1").fetchone() is not None


def cause_of(row: str) -> str:
    """The cause that a row with provenance is, as SQL; `row` is its name."""
    return (
        f'struct_pack(feed := {row}.feed, "partition" := {row}."partition",'
        f' "offset" := {row}."offset", received_at := {row}.received_at)'
    )


def learnt_as(row: str) -> str:
    """The place of a row in the order in which we learnt it, as SQL; `row` is its name."""
    return (
        f"struct_pack(received_at := {row}.received_at, feed := {row}.feed,"
        f' "partition" := {row}."partition", "offset" := {row}."offset", "row" := {row}."row")'
    )
