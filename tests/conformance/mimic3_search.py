"""Which named choice of mimic-code explains a difference: found by trying, so checked.

Here: the search for the fewest choices that, taken over on our facts, give the reference's number.
Not here: the choices (mimic3_choices.py), or what is computed from the facts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import duckdb

from tests.conformance.mimic3_choices import CHOICES, Choice
from tests.conformance.mimic3_inputs import AS_OURS, CONCEPTS, INPUTS, work_out

# So many choices may meet in one hour.
MOST = 4
# Tables beside `fact` that a choice may change.
FLAGS = ("look_back", "own_rows")


@dataclass(frozen=True, slots=True)
class Search:
    """What differs still, our facts of whom it differs for, and the trial of changed facts."""

    left: Callable[[], int]
    restrict: Callable[[], None]
    judge: Callable[[str], None]


def search(connection: duckdb.DuckDBPyConnection, choices: Sequence[Choice], over: Search) -> None:
    """Try one choice alone, then two together, and so on, until nothing differs."""
    for count in range(1, MOST + 1):
        if not over.left():
            return
        able = [choice for choice in choices if _changes(connection, choice, over)]
        for chosen in combinations(able, count):
            if not over.left():
                return
            over.restrict()
            _take_over(connection, chosen)
            over.judge("+".join(choice.name for choice in chosen))


def _take_over(connection: duckdb.DuckDBPyConnection, chosen: Sequence[Choice]) -> None:
    for choice in chosen:
        for statement in choice.statements:
            connection.execute(statement)


def _changes(connection: duckdb.DuckDBPyConnection, choice: Choice, over: Search) -> bool:
    """Whether a choice changes anything about those for whom something differs still."""
    over.restrict()
    before = _state(connection)
    _take_over(connection, (choice,))
    return _state(connection) != before


def _state(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    facts = "select count(*), bit_xor(hash(patient_id, concept, moment, value)) from fact"
    found = connection.execute(facts).fetchall()
    for flag in FLAGS:
        found += connection.execute(f"from {flag}").fetchall()
    return found


def explain_inputs(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill in `cause` in `inputs`."""
    connection.execute("create or replace table every_fact as from fact")
    for name in INPUTS:
        mine = [choice for choice in CHOICES if name in choice.inputs]
        search(connection, mine, _of_input(connection, name))
    connection.execute("create or replace table fact as from every_fact")


def _of_input(connection: duckdb.DuckDBPyConnection, name: str) -> Search:
    def left() -> int:
        (count,) = connection.execute(_LEFT, {"name": name}).fetchone() or (0,)
        return int(count)

    def restrict() -> None:
        connection.execute(AS_OURS)
        connection.execute(_FACTS_OF, {"concepts": list(CONCEPTS[name]), "name": name})

    def judge(cause: str) -> None:
        work_out(connection, name)
        values = {"name": name, "tolerance": INPUTS[name], "cause": cause}
        connection.execute(_MARK, values)

    return Search(left, restrict, judge)


_LEFT = "select count(*) from inputs where name = $name and not same and cause is null"
_FACTS_OF = """
create or replace table fact as
from every_fact
where list_contains($concepts, concept) and patient_id in (
    select patient_id from inputs join hours using (icustay_id, hr)
    where name = $name and not same and cause is null
)
"""
_MARK = """
update inputs set cause = $cause
from (
    select i.icustay_id, i.hr, value
    from inputs i left join worked_out w using (icustay_id, hr)
    where i.name = $name and not i.same and i.cause is null
) w
where inputs.name = $name and w.icustay_id = inputs.icustay_id and w.hr = inputs.hr
    and (w.value is not distinct from inputs.theirs
        or coalesce(abs(w.value - inputs.theirs) <= $tolerance, false))
"""
