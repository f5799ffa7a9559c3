"""Whom retired identifiers stand for in SQL: what the stream folds them under, merge by merge."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.scoring.engine import Engine
from lakehouse.identities import add_survivors

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
COLUMNS = (
    'feed varchar, "partition" integer, "offset" bigint, "row" integer, received_at timestamptz,'
    " facility varchar, event varchar, retired_id varchar, surviving_id varchar"
)
IDENTIFIERS = st.sampled_from("abcdef")
MERGES = st.lists(st.tuples(IDENTIFIERS, IDENTIFIERS), max_size=9)

Merges = Sequence[tuple[str, str]]


@given(merges=MERGES)
def test_survivors_are_those_of_the_stream(merges: Merges) -> None:
    assert _survivors({"H": merges}) == {("H", *pair) for pair in _folded(merges)}


@given(one=MERGES, other=MERGES)
def test_facilities_do_not_touch_each_other(one: Merges, other: Merges) -> None:
    expected = {("H", *pair) for pair in _folded(one)} | {(None, *pair) for pair in _folded(other)}
    assert _survivors({"H": one, None: other}) == expected


@given(merges=MERGES, known=st.integers(0, 9))
def test_survivors_known_at_a_moment_come_of_the_merges_received_by_then(
    merges: Merges, known: int
) -> None:
    expected = {("H", *pair) for pair in _folded(merges[:known])}
    assert _survivors({"H": merges}, NOON + timedelta(hours=known - 1)) == expected


@pytest.mark.parametrize(
    ("merges", "expected"),
    [
        ([("a", "b"), ("b", "c")], {("a", "c"), ("b", "c")}),
        ([("x", "y"), ("y", "x")], {("x", "y")}),
        ([("a", "b"), ("b", "c"), ("c", "a")], {("a", "c"), ("b", "c")}),
        ([("a", "b"), ("a", "c")], {("a", "c"), ("b", "c")}),
        ([("a", "a")], set()),
    ],
)
def test_chains_circles_and_second_merges(merges: Merges, expected: set[tuple[str, str]]) -> None:
    assert _survivors({None: merges}) == {(None, *pair) for pair in expected}


def _folded(merges: Merges) -> set[tuple[str, str]]:
    """Who stands for whom after the stream has applied these merges."""
    engine = Engine()
    for retired, surviving in merges:
        engine.merge(retired, surviving)
    named = {name for pair in merges for name in pair}
    return {(name, engine.survivor(name)) for name in named if engine.survivor(name) != name}


def _survivors(
    merges: dict[str | None, Merges], known_at: datetime | None = None
) -> set[tuple[str | None, str, str]]:
    """What the macro makes of them, received one an hour from noon."""
    with duckdb.connect() as connection:
        connection.execute(f"create schema lake; create table lake.identity_events ({COLUMNS})")
        for facility, pairs in merges.items():
            for number, pair in enumerate(pairs):
                connection.execute(
                    "insert into lake.identity_events values ('f', 0, ?, 0, ?, ?, 'merge', ?, ?)",
                    [number, NOON + timedelta(hours=number), facility, *pair],
                )
        add_survivors(connection, "lake")
        return set(
            connection.execute("from lake.survivors(cast(? as timestamptz))", [known_at]).fetchall()
        )
