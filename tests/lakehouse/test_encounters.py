"""Where visits were, in SQL: what the law in Python says of the same events, in any order."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.encounters.identities import Identities
from clinical.encounters.timeline import visit
from clinical.encounters.told import Told
from clinical.encounters.vocabulary import CANCELS, RANK
from lakehouse import encounters, identities
from lakehouse.laws import install
from lakehouse.tables import ENCOUNTER_EVENTS, IDENTITY_EVENTS

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
Row = dict[str, Any]
LIKELY = ("admit", "transfer", "transfer", "update", "discharge", "cancel_transfer")
EVENTS = st.sampled_from([*LIKELY, *RANK, *CANCELS, "pending_transfer", "A99"])
PLACES = st.sampled_from([(None, None, None), ("A", None, None), ("A", "1", "1"), ("B", "1", "2")])


def _event(visit: str | None, drawn: tuple[Any, ...]) -> Row:
    event, at, written, place, prior, patient_class, admitted = drawn
    named = {
        **dict(zip(("unit", "room", "bed"), place, strict=True)),
        **dict(zip(("prior_unit", "prior_room", "prior_bed"), prior, strict=True)),
    }
    return {
        "facility": "H",
        "encounter_id": visit,
        "event": event,
        "event_at": NOON + timedelta(hours=at),
        "documented_at": NOON + timedelta(hours=at + written),
        "patient_class": patient_class,
        "admitted_at": None if admitted is None else NOON + timedelta(hours=admitted),
        "discharged_at": None if admitted is None else NOON + timedelta(hours=4 - admitted),
        **named,
    }


drawn = st.tuples(
    EVENTS,
    st.integers(0, 7),
    st.sampled_from([0, 0, 1, 3]),
    PLACES,
    PLACES,
    st.sampled_from([None, "I", "E"]),
    st.sampled_from([None, None, -2, 1]),
)
line = st.lists(drawn, max_size=9)
ids = st.sampled_from(["p1", "p2", "p3", "p4"])
visits = st.sampled_from([None, "v1", "v2", "v3"])
ledger = st.lists(
    st.tuples(
        st.sampled_from(["merge", "merge", "change_id", "unmerge", "unlink", "link"])
        | st.sampled_from(["move_visit", "merge_visit"]),
        *(ids, ids, visits, visits, st.sampled_from([None, None, None, "H", "K"])),
    ),
    max_size=7,
)


@pytest.fixture(scope="module")
def house() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema lake; set TimeZone = 'UTC'")
        for table in (ENCOUNTER_EVENTS, IDENTITY_EVENTS):
            connection.register("empty", table.schema.empty_table())
            connection.execute(f"create table lake.{table.name} as from empty")
            connection.unregister("empty")
        for law in (identities.LAW, encounters.LAW):
            install(connection, law, "lake", law.needs + encounters.LAW.needs)
        yield connection


@settings(max_examples=6, deadline=None)
@given(st.lists(line, min_size=1, max_size=30), st.randoms())
def test_a_visit_lies_where_the_law_in_words_says(
    house: duckdb.DuckDBPyConnection, lines: Sequence[Sequence[Any]], random: Any
) -> None:
    rows = [
        {**_event(f"v{number}", one), "patient_id": f"p{number}"}
        for number, events in enumerate(lines)
        for one in events
    ]
    expected = _said(rows, Identities())
    rows += random.sample(rows, len(rows) // 3)
    random.shuffle(rows)
    _fill(house, rows, [])
    assert _stored(house) == expected


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.tuples(ids, visits, drawn), max_size=12), ledger, st.integers(0, 7), st.randoms()
)
def test_a_visit_follows_its_patient_through_merges_unmerges_and_moves(
    house: duckdb.DuckDBPyConnection,
    told: Sequence[Any],
    ledger: Sequence[Any],
    known: int,
    random: Any,
) -> None:
    rows = [{**_event(visit, one), "patient_id": who} for who, visit, one in told]
    expected = _said(rows, Identities.of(_ledger(ledger[:known])))
    random.shuffle(rows)
    _fill(house, rows, _ledger(ledger))
    assert _stored(house, NOON + timedelta(hours=known, minutes=-1)) == expected


def _ledger(drawn: Sequence[Any]) -> list[Row]:
    names = ("retired_id", "surviving_id", "retired_visit", "surviving_visit", "retired_facility")
    return [
        {
            "facility": "H",
            "event": event,
            "received_at": NOON + timedelta(hours=number),
            "encounter_id": None,
            **dict(zip(names, told, strict=True)),
        }
        for number, (event, *told) in enumerate(drawn)
    ]


def _fill(house: duckdb.DuckDBPyConnection, events: list[Row], ledger: list[Row]) -> None:
    for table, rows in ((ENCOUNTER_EVENTS, events), (IDENTITY_EVENTS, ledger)):
        blank = dict.fromkeys(table.schema.names)
        place = {"feed": "f", "partition": 0, "row": 0, "received_at": NOON - timedelta(hours=1)}
        schema = pa.schema([field.with_nullable(True) for field in table.schema])
        full = [{**blank, **place, "offset": n, **row} for n, row in enumerate(rows)]
        house.register("told", pa.Table.from_pylist(full, schema))
        house.execute(f"truncate lake.{table.name}; insert into lake.{table.name} from told")
        house.unregister("told")


def _said(rows: Sequence[Row], known: Identities) -> Any:
    """Stays and visits by the law in Python."""
    found: dict[tuple[str, str | None], list[Told]] = {}
    for row in rows:
        whose = known.owner(row["patient_id"], row["encounter_id"])
        number = known.visit(row["encounter_id"])
        found.setdefault((whose, number), []).append(Told.of(row))
    stays, states = [], []
    for (patient, number), told in found.items():
        one = visit(told)
        if number is None and one.status == "unknown":
            continue  # a message that names no visit and says nothing of one
        states.append(
            (patient, number, one.patient_class, one.admitted_at, one.discharged_at, one.status)
        )
        for place, stay in enumerate(one.stays, 1):
            where = tuple(stay.place or (None, None, None))
            span = (stay.begins, stay.ends, stay.ended_by)
            stays.append((patient, number, place, *where, stay.patient_class, stay.status, *span))
    return sorted(stays, key=repr), sorted(states, key=repr)


def _stored(house: duckdb.DuckDBPyConnection, known_at: datetime | None = None) -> Any:
    """The same, by SQL."""
    stays = house.execute(
        "select patient_id, encounter_id, stay_number, unit, room, bed, patient_class, status,"
        " epoch_us(started_at), epoch_us(ended_at), ended_by"
        " from lake.location_stays_as_known(cast(? as timestamptz))",
        [known_at],
    ).fetchall()
    states = house.execute(
        "select patient_id, encounter_id, patient_class, epoch_us(admitted_at),"
        " epoch_us(discharged_at), status"
        " from lake.visits_as_known(cast(? as timestamptz)) where status != 'merged'",
        [known_at],
    ).fetchall()
    return sorted(stays, key=repr), sorted(states, key=repr)
