"""Whom identifiers stand for in SQL: what the ledger in Python says, event by event."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.encounters.identities import Identities
from lakehouse.identities import add_survivors
from lakehouse.tables import IDENTITY_EVENTS

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
NAMES = st.sampled_from("abcdef")
EVENTS = st.tuples(
    st.sampled_from(["merge"] * 5 + ["change_id", "unmerge", "unlink", "link", "merge_visit"]),
    *(NAMES, NAMES, NAMES, NAMES),
    st.sampled_from([None, None, None, "H0", "K"]),
)
LEDGER = st.lists(EVENTS, max_size=9)
Drawn = tuple[Any, ...]


@pytest.fixture(scope="module")
def house() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema lake; set TimeZone = 'UTC'")
        connection.register("empty", IDENTITY_EVENTS.schema.empty_table())
        connection.execute("create table lake.identity_events as from empty")
        connection.unregister("empty")
        add_survivors(connection, "lake")
        yield connection


@settings(max_examples=20, deadline=None)
@given(st.lists(LEDGER, min_size=1, max_size=25), st.integers(0, 9))
def test_survivors_known_at_a_moment_are_those_of_the_ledger_in_each_facility(
    house: duckdb.DuckDBPyConnection, ledgers: Sequence[Sequence[Drawn]], known: int
) -> None:
    facilities = [None, *(f"H{number}" for number in range(1, len(ledgers)))]
    rows = {name: _rows(drawn, name) for name, drawn in zip(facilities, ledgers, strict=True)}
    _fill(house, [row for told in rows.values() for row in told])
    at = NOON + timedelta(hours=known - 1)
    whole = {name: Identities.of(told) for name, told in rows.items()}
    then = {name: Identities.of(told[:known]) for name, told in rows.items()}
    assert _found(house, "survivors", None) == _pairs(whole, "retired")
    assert _found(house, "survivors", at) == _pairs(then, "retired")
    assert _found(house, "visit_survivors", at) == _pairs(then, "retired_visits")


@pytest.mark.parametrize(
    ("events", "expected", "outcomes"),
    [
        (["ab", "bc"], {("a", "c"), ("b", "c")}, ["applied", "applied"]),
        (["xy", "yx"], {("x", "y")}, ["applied", "reversed"]),
        (["xy", "xy"], {("x", "y")}, ["applied", "repeated"]),
        (["ab", "bc", "ca"], {("a", "c"), ("b", "c")}, ["applied", "applied", "circle"]),
        (["ab", "ac"], {("a", "c"), ("b", "c")}, ["applied", "applied"]),
        (["aa"], set(), ["itself"]),
        (["ab", "-ab"], set(), ["taken back", "applied"]),
        (["ab", "-ba", "ab"], {("a", "b")}, ["taken back", "applied", "applied"]),
        (["ab", "bc", "-ab"], {("b", "c")}, ["taken back", "applied", "applied"]),
        (["-ab"], set(), ["never merged"]),
        (["ab", "bc", "-ac"], {("a", "c"), ("b", "c")}, ["applied", "applied", "never merged"]),
    ],
)
def test_every_event_of_the_ledger_ends_somewhere_named(
    house: duckdb.DuckDBPyConnection,
    events: Sequence[str],
    expected: set[tuple[str, str]],
    outcomes: Sequence[str],
) -> None:
    drawn = [
        ("unmerge" if one.startswith("-") else "merge", *one.lstrip("-"), None, None, None)
        for one in events
    ]
    _fill(house, _rows(drawn, "H"))
    assert _found(house, "survivors", None) == {("H", *pair) for pair in expected}
    sql = 'select outcome from lake.identity_ledger(null) order by "offset"'
    assert [outcome for (outcome,) in house.execute(sql).fetchall()] == outcomes


def test_identifiers_of_two_authorities_stay_two_patients(
    house: duckdb.DuckDBPyConnection,
) -> None:
    _fill(house, _rows([("merge", "a", "b", None, None, "K")], "H"))
    assert _found(house, "survivors", None) == set()
    sql = "select outcome from lake.identity_ledger(null)"
    assert house.execute(sql).fetchall() == [("other authority",)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["merge", "unmerge"]), NAMES, NAMES), max_size=12))
def test_patients_whom_no_merge_that_stands_joins_never_mix(events: Sequence[Drawn]) -> None:
    ledger = Identities.of(_rows([(*one, None, None, None) for one in events], "H"))
    standing = [
        {old, new}
        for place, (event, old, new) in enumerate(events)
        if event == "merge"
        and not any(e == "unmerge" and {o, n} == {old, new} for e, o, n in events[place:])
    ]
    for one in "abcdef":
        reached = {one}
        for _ in "abcdef":
            reached |= {name for pair in standing if pair & reached for name in pair}
        assert {ledger.survivor(name) for name in reached} == {ledger.survivor(one)}
        others = set("abcdef") - reached
        assert ledger.survivor(one) not in {ledger.survivor(name) for name in others}


def _rows(drawn: Sequence[Drawn], facility: str | None) -> list[dict[str, Any]]:
    names = ("retired_id", "surviving_id", "retired_visit", "surviving_visit", "retired_facility")
    return [
        {
            "facility": facility,
            "event": event,
            "received_at": NOON + timedelta(hours=number),
            "offset": number,
            **dict(zip(names, told, strict=True)),
        }
        for number, (event, *told) in enumerate(drawn)
    ]


def _fill(house: duckdb.DuckDBPyConnection, rows: Sequence[dict[str, Any]]) -> None:
    blank = {**dict.fromkeys(IDENTITY_EVENTS.schema.names), "feed": "f", "partition": 0, "row": 0}
    schema = pa.schema([field.with_nullable(True) for field in IDENTITY_EVENTS.schema])
    house.register("told", pa.Table.from_pylist([{**blank, **row} for row in rows], schema))
    house.execute("truncate lake.identity_events; insert into lake.identity_events from told")
    house.unregister("told")


def _pairs(ledgers: dict[str | None, Identities], which: str) -> set[tuple[str | None, str, str]]:
    return {
        (name, *pair)
        for name, ledger in ledgers.items()
        for pair in getattr(ledger, which).items()
        if pair[0] != pair[1]
    }


def _found(
    house: duckdb.DuckDBPyConnection, macro: str, at: datetime | None
) -> set[tuple[str | None, str, str]]:
    return set(house.execute(f"from lake.{macro}(cast(? as timestamptz))", [at]).fetchall())
