"""Encounters of FHIR R4 and R5: what their histories say happened, one row each."""

from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest

from tests.clinical.wire.fhir_examples import Resource, bundle, rows

PATIENT = {"reference": "Patient/p1"}
BED = {"coding": [{"code": "bd"}]}


def at(hour: int) -> datetime:
    return datetime(2024, 5, 1, hour, tzinfo=UTC)


def period(start: int, end: int | None = None) -> Resource:
    """From an hour of the first of May, until another."""
    told = {"start": f"2024-05-01T{start:02}:00:00Z"}
    return told if end is None else told | {"end": f"2024-05-01T{end:02}:00:00Z"}


def stay(place: str, start: int, end: int | None = None, **changes: Any) -> Resource:
    """A place from an hour until another."""
    where = {"reference": f"Location/{place}", "display": place}
    return {"location": where, "period": period(start, end)} | changes


def encounter(**changes: Any) -> Resource:
    """A visit that began at eight."""
    made = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "class": {"code": "IMP"},
        "subject": PATIENT,
        "period": period(8),
    }
    return {name: value for name, value in (made | changes).items() if value is not None}


def told(*messages: Resource, names: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows("encounter_events", *messages)]


def test_each_place_with_a_time_is_a_move() -> None:
    places = [stay("ED", 8, 10), stay("ICU", 10, 14), stay("WARD", 14)]
    moved = told(encounter(location=places), names=("event", "event_at", "unit", "prior_unit"))
    assert moved == [
        ("admit", at(8), "ED", None),
        ("transfer", at(10), "ICU", "ED"),
        ("transfer", at(14), "WARD", "ICU"),
    ]


def test_moves_are_told_in_time_whatever_the_order_of_the_list() -> None:
    places = [stay("ED", 8, 10), stay("ICU", 10, 14), stay("WARD", 14)]
    assert rows("encounter_events", encounter(location=places)) == rows(
        "encounter_events", encounter(location=places[::-1])
    )


def test_bed_that_changes_leaves_the_ward_as_it_was() -> None:
    beds = [stay("1", 8, 11, physicalType=BED), stay("2", 11, physicalType=BED)]
    moved = told(
        encounter(location=[stay("ICU", 8), *beds]),
        names=("event", "unit", "bed", "prior_unit", "prior_bed"),
    )
    assert moved == [("admit", "ICU", "1", None, None), ("transfer", "ICU", "2", "ICU", "1")]


def test_location_of_the_same_bundle_says_what_it_is() -> None:
    bed = {"resourceType": "Location", "id": "b", "name": "Bed 7", "physicalType": BED}
    places = [stay("ICU", 8), {"location": {"reference": "Location/b"}, "period": period(8)}]
    moved = told(bundle(bed, encounter(location=places)), names=("event", "unit", "bed"))
    assert moved == [("admit", "ICU", "Bed 7")]


def test_visit_that_is_over_begins_moves_and_ends() -> None:
    places = [stay("ED", 8, 10), stay("ICU", 10, 14)]
    sent = encounter(status="finished", location=places, period=period(8, 14))
    moved = told(sent, names=("event", "event_at", "unit"))
    assert moved == [
        ("admit", at(8), "ED"),
        ("transfer", at(10), "ICU"),
        ("discharge", at(14), "ICU"),
    ]


def test_place_that_was_only_planned_is_no_move() -> None:
    places = [stay("ED", 8), stay("ICU", 10, status="planned"), stay("HDU", 12, status="reserved")]
    assert told(encounter(location=places), names=("event", "unit")) == [("admit", "ED")]


def test_status_history_tells_of_arrival_and_of_leave() -> None:
    history = [
        {"status": "arrived", "period": period(7, 8)},
        {"status": "in-progress", "period": period(8, 10)},
        {"status": "onleave", "period": period(10, 12)},
    ]
    sent = encounter(status="finished", statusHistory=history, period=period(7, 15))
    assert told(sent, names=("event", "event_at")) == [
        ("register", at(7)),
        ("admit", at(8)),
        ("leave", at(10)),
        ("return", at(12)),
        ("discharge", at(15)),
    ]


def test_class_history_tells_when_the_class_changed() -> None:
    history = [
        {"class": {"code": "EMER"}, "period": period(8, 10)},
        {"class": {"code": "IMP"}, "period": period(10)},
    ]
    changed = told(encounter(classHistory=history), names=("event", "event_at", "patient_class"))
    assert changed == [("class_change", at(10), "I"), ("admit", at(8), "I")]


@pytest.mark.parametrize(
    ("status", "event"), [("cancelled", "cancel_admit"), ("entered-in-error", "delete_visit")]
)
def test_visit_that_never_was_tells_nothing_else(status: str, event: str) -> None:
    sent = encounter(status=status, location=[stay("ED", 8), stay("ICU", 10)])
    assert told(sent, names=("event",)) == [(event,)]


def test_part_of_a_visit_is_a_move_within_it() -> None:
    part = encounter(
        id="e2", partOf={"reference": "Encounter/e1"}, status="finished", location=[stay("OR", 9)]
    )
    assert told(part, names=("encounter_id", "event", "event_at", "unit")) == [
        ("e1", "transfer", at(9), "OR")
    ]


def test_account_and_places_without_times_are_told_once() -> None:
    sent = encounter(
        account=[{"reference": "Account/a9"}], location=[{"location": {"display": "X"}}]
    )
    assert told(sent, names=("event", "account_id", "unit")) == [("admit", "a9", "X")]


def r5(**changes: Any) -> Resource:
    """The same visit as R5 says it."""
    made = {
        "class": [{"coding": [{"code": "IMP"}]}],
        "period": None,
        "actualPeriod": period(8, 14),
        "status": "completed",
        "admission": {"dischargeDisposition": {"coding": [{"code": "home"}]}},
        "location": [stay("ED", 8, 10), stay("3", 10, form=BED)],
    }
    return encounter(**(made | changes))


def test_r5_says_the_same_in_its_own_words() -> None:
    moved = told(r5(), names=("event", "event_at", "patient_class", "unit", "bed"))
    assert moved == [
        ("admit", at(8), "I", "ED", None),
        ("transfer", at(10), "I", None, "3"),
        ("discharge", at(14), "I", None, "3"),
    ]
    assert {row["discharge_disposition"] for row in rows("encounter_events", r5())} == {"home"}


@pytest.mark.parametrize(
    ("version", "sent"),
    [
        ("fhir.resources.R4B.encounter", encounter(location=[stay("ED", 8, physicalType=BED)])),
        ("fhir.resources.encounter", r5()),
    ],
)
def test_these_visits_are_valid_in_their_version(version: str, sent: Resource) -> None:
    pytest.importorskip(version)
    import_module(version).Encounter.model_validate(sent)
