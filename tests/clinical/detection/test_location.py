"""A patient lies where the visit's line of places ends, however a feed is cut into batches."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.detection.location import Locations
from clinical.encounters.identities import Identities
from clinical.encounters.timeline import visit
from clinical.encounters.told import Told
from lakehouse.tables import ENCOUNTER_EVENTS

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
Step = dict[str, Any]
names = st.sampled_from(["p1", "p2", "p3"])
event = st.builds(
    dict,
    patient_id=names,
    encounter_id=st.sampled_from(["v1", "v2"]),
    event=st.sampled_from(["admit", "transfer", "update", "discharge", "cancel_transfer", "A60"]),
    hour=st.integers(0, 6),
    unit=st.sampled_from([None, "A", "B", "C"]),
)
change = st.builds(
    dict,
    change=st.sampled_from(["merge", "merge", "unmerge", "move_visit"]),
    retired_id=names,
    surviving_id=names,
    retired_visit=st.sampled_from(["v1", "v2"]),
)
steps = st.lists(st.one_of(event, event, event, change), max_size=14)


def _row(step: Step, message: int) -> Step:
    at = NOON + timedelta(hours=step["hour"])
    told = {name: step[name] for name in ("patient_id", "encounter_id", "event", "unit")}
    blank = dict.fromkeys(ENCOUNTER_EVENTS.schema.names)
    return {**blank, **told, "event_at": at, "documented_at": at, "message": message}


def _events(told: Sequence[Step], first: int) -> pa.Table:
    fields = [one.with_nullable(True) for one in ENCOUNTER_EVENTS.schema]
    rows = [
        _row(step, number - first) for number, step in enumerate(told, first) if "event" in step
    ]
    return pa.Table.from_pylist(rows, pa.schema([*fields, ("message", pa.int32())]))


def found(told: Sequence[Step], cuts: Sequence[int]) -> list[dict[str, str | None]]:
    """Where everybody lies after each message."""
    identities = Identities()
    locations = Locations(identities)
    places = []
    edges = sorted({0, len(told), *(cut for cut in cuts if cut < len(told))})
    for low, high in pairwise(edges):
        locations.learn(_events(told[low:high], low))
        for number in range(low, high):
            if "change" in told[number]:
                identities.learn({**told[number], "event": told[number]["change"]})
            alive = sorted({identities.survivor(name) for name in ("p1", "p2", "p3")})
            places.append({name: locations.unit_of(name, number - low) for name in alive})
        locations.settle()
    return places


def plainly(told: Sequence[Step]) -> list[dict[str, str | None]]:
    """The same, by laying out every visit anew after each message."""
    identities = Identities()
    places = []
    for number, step in enumerate(told):
        if "change" in step:
            identities.learn({**step, "event": step["change"]})
        known = [_row(one, 0) for one in told[: number + 1] if "event" in one]
        alive = sorted({identities.survivor(name) for name in ("p1", "p2", "p3")})
        places.append({name: _unit(name, known, identities) for name in alive})
    return places


def _unit(name: str, rows: Sequence[Step], known: Identities) -> str | None:
    visits: dict[str | None, list[Told]] = {}
    for row in rows:
        if known.owner(row["patient_id"], row["encounter_id"]) == name:
            number = known.visit(row["encounter_id"])
            visits.setdefault(number, []).append(Told.of(row))
    stays = [stay for told in visits.values() for stay in visit(told).stays if stay.place]
    newest = [(stay.ends is None, stay.ends or stay.begins, stay.place.unit) for stay in stays]
    return max(newest)[2] if newest else None


@given(steps, st.lists(st.integers(1, 13), max_size=4))
def test_where_a_patient_lies_is_the_law_of_visits_however_the_feed_is_cut(
    told: list[Step], cuts: list[int]
) -> None:
    assert found(told, cuts) == plainly(told)


def _at(hour: int, unit: str, patient: str = "p1", event: str = "transfer") -> Step:
    told = {"patient_id": patient, "encounter_id": "v1", "event": event}
    return {**told, "hour": hour, "unit": unit}


@pytest.mark.parametrize("cuts", [[], [1], [2], [1, 2]])
def test_the_survivor_lies_where_the_retired_identifier_was(cuts: list[int]) -> None:
    merged = {"change": "merge", "retired_id": "p1", "surviving_id": "p2"}
    told = [_at(0, "A"), merged, _at(1, "B")]
    assert [one.get("p2") for one in found(told, cuts)] == [None, "A", "B"]


def test_a_late_message_moves_nobody_back() -> None:
    told = [_at(3, "B"), _at(1, "A"), _at(3, "B", event="cancel_transfer")]
    assert [one["p1"] for one in found(told, [])] == ["B", "B", "A"]


def test_identifiers_that_part_lie_each_where_they_were() -> None:
    merged = {"change": "merge", "retired_id": "p1", "surviving_id": "p2"}
    told = [_at(0, "A"), {**_at(1, "B", "p2"), "encounter_id": "v2"}, merged]
    told.append({**merged, "change": "unmerge"})
    assert found(told, [])[-2:] == [{"p2": "B", "p3": None}, {"p1": "A", "p2": "B", "p3": None}]


def test_of_a_patient_long_silent_the_newest_visit_is_kept() -> None:
    locations = Locations(Identities())
    told = [_at(0, "A", event="admit"), {**_at(5, "B", event="admit"), "encounter_id": "v2"}]
    locations.learn(_events(told, 0))
    locations.settle()
    later = round((NOON + timedelta(days=90)).timestamp()) * 1_000_000
    locations.forget(later)
    assert locations.unit_of("p1", 0) == "B"
