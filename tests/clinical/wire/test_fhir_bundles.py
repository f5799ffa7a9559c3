"""Bundles of every type: what they hold, in which order it became true, and what they delete."""

import json
from typing import Any

import pyarrow as pa
import pytest

from clinical.wire import fhir
from tests.clinical.wire.fhir_examples import PROFILE, Resource, example, rows

TYPES = (
    *("transaction", "batch", "collection", "searchset", "message", "document", "history"),
    *("transaction-response", "batch-response", "subscription-notification"),
)


def observation(own: str = "o1", **changes: Any) -> Resource:
    """A heart rate."""
    return {
        "resourceType": "Observation",
        "id": own,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2024-05-01T10:00:00Z",
        "valueQuantity": {"value": 91, "unit": "/min"},
    } | changes


def holding(kind: str, *entries: Resource, **changes: Any) -> Resource:
    """A Bundle of a type."""
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)} | changes


def deletion(address: str) -> Resource:
    """An entry that deletes a resource."""
    return {"request": {"method": "DELETE", "url": address}}


def disposition(message: Resource | bytes) -> tuple[str, str | None]:
    raw = message if isinstance(message, bytes) else json.dumps(message).encode()
    [row] = fhir.decode(pa.array([raw], pa.binary()), PROFILE).messages.to_pylist()
    return row["disposition"], row["reason"]


@pytest.mark.parametrize("kind", TYPES)
def test_bundle_of_every_type_gives_what_it_holds(kind: str) -> None:
    head = {
        "resourceType": {"document": "Composition", "message": "MessageHeader"}.get(kind, "List")
    }
    sent = holding(kind, {"resource": head}, {"resource": observation()})
    assert [row["order_id"] for row in rows("observations", sent)] == ["Observation/o1"]


@pytest.mark.parametrize(
    "address",
    ["Observation/o1", "https://server/fhir/Observation/o1", "Observation/o1/_history/2"],
)
def test_deletion_takes_back_the_last_version_that_its_bundle_tells(address: str) -> None:
    newest, first = observation(valueQuantity={"value": 92}), observation()
    sent = holding("history", deletion(address), {"resource": newest}, {"resource": first})
    told = [(row["status"], row["value_number"]) for row in rows("observations", sent)]
    assert told == [("final", 91.0), ("final", 92.0), ("entered_in_error", 92.0)]


def test_deletion_takes_back_a_visit_and_a_diagnosis_alike() -> None:
    visit = {"resourceType": "Encounter", "id": "e1", "status": "in-progress"}
    visit |= {"subject": {"reference": "Patient/p1"}}
    sent = holding(
        "history",
        deletion("Condition/x1"),
        deletion("Encounter/e1"),
        {"resource": example("Condition")},
        {"resource": visit},
    )
    assert [row["event"] for row in rows("encounter_events", sent)] == ["admit", "delete_visit"]
    assert [row["status"] for row in rows("diagnoses", sent)] == ["active", "entered_in_error"]


@pytest.mark.parametrize(
    "address",
    [
        "Observation/o9",
        "Encounter/e1",
        "https://server/fhir/Encounter/e1/_history/4",
        "Encounter?identifier=urn:visits|V1",
        "urn:uuid:11111111-2222-3333-4444-555555555555",
        "",
    ],
)
@pytest.mark.parametrize("kind", ["transaction", "history"])
def test_deletion_of_what_its_bundle_does_not_tell_is_kept_and_the_rest_is_read(
    kind: str, address: str
) -> None:
    alone = holding(kind, deletion(address))
    assert disposition(alone) == ("quarantined", "unknown_deletion")
    update = {"resource": observation()}
    for entries in ([update, deletion(address)], [deletion(address), update]):
        beside = holding(kind, *entries)
        assert disposition(beside) == ("parsed", "unknown_deletion")
        assert [row["status"] for row in rows("observations", beside)] == ["final"]
    unread = holding(kind, {"resource": {"resourceType": "Claim"}}, deletion(address))
    assert disposition(unread) == ("quarantined", "unknown_deletion")
    of_nobody = holding(kind, {"resource": observation(subject=None)}, deletion(address))
    assert disposition(of_nobody) == ("quarantined", "no_patient")


@pytest.mark.parametrize("address", ["Claim/c1", "Location/l1", "Medication?code=7512"])
def test_deletion_of_a_type_without_rows_takes_nothing_back(address: str) -> None:
    alone = holding("transaction", deletion(address))
    assert disposition(alone) == ("skipped", "resource_type_not_used")
    beside = holding("transaction", {"resource": observation()}, deletion(address))
    assert [row["status"] for row in rows("observations", beside)] == ["final"]


def test_what_is_created_anew_after_its_deletion_stands() -> None:
    sent = holding("transaction", deletion("Observation/o1"), {"resource": observation()})
    assert [row["status"] for row in rows("observations", sent)] == ["final"]


def test_history_is_read_oldest_first() -> None:
    newer, older = ({"resource": one} for one in (observation(status="corrected"), observation()))
    sent = holding("history", newer, older)
    assert [row["status"] for row in rows("observations", sent)] == ["final", "corrected"]


def test_last_update_does_not_order_versions() -> None:
    later = {"lastUpdated": "2030-01-01T00:00:00Z"}
    sent = holding(
        "history",
        {"resource": observation(status="corrected")},
        {"resource": observation(meta=later)},
    )
    assert [row["status"] for row in rows("observations", sent)] == ["final", "corrected"]


def test_members_and_sources_of_an_observation_are_counted_once() -> None:
    panel = observation(
        "panel",
        valueQuantity=None,
        hasMember=[{"reference": "Observation/o1"}],
        derivedFrom=[{"reference": "Observation/o1"}],
    )
    sent = holding("collection", {"resource": panel}, {"resource": observation()})
    told = [(row["order_id"], row["value_number"]) for row in rows("observations", sent)]
    assert told == [("Observation/panel", None), ("Observation/o1", 91.0)]


def test_reference_range_specimen_and_remarks_are_kept() -> None:
    ranges = [
        {"low": {"value": 1}, "type": {"coding": [{"code": "treatment"}]}},
        {"low": {"value": 60}, "high": {"value": 100.0}},
    ]
    sent = observation(
        referenceRange=ranges, specimen={"display": "blood"}, note=[{"text": "after exercise"}]
    )
    [row] = rows("observations", sent)
    assert (row["reference_range"], row["specimen"]) == ("60-100.0", "blood")
    [note] = rows("notes", sent)
    assert (note["about_table"], note["about_id"]) == ("observations", "Observation/o1")
    assert (note["kind"], note["text"]) == ("comment", "after exercise")


def test_long_text_is_a_note_and_no_value() -> None:
    sent = observation(valueQuantity=None, valueString="word " * 60)
    [row] = rows("observations", sent)
    assert (row["value_text"], row["value_type"]) == (None, "string")
    [note] = rows("notes", sent)
    assert (note["kind"], note["text"]) == ("report", "word " * 60)


@pytest.mark.parametrize("name", ["Claim", "NutritionProduct", "GenomicStudy", "Transport"])
def test_type_of_any_version_that_is_not_used_is_skipped_by_name(name: str) -> None:
    assert disposition({"resourceType": name}) == ("skipped", "resource_type_not_used")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"resourceType":"Claim"} trailing', ("quarantined", "not_json")),
        (b'{"resourceType":"Claim","x":NaN}', ("quarantined", "not_json")),
        (b'{"resourceType":"Claim","x":1', ("quarantined", "not_json")),
        (
            b'{"resourceType":"Claim","n":' + b"9" * 5000 + b"}",
            ("skipped", "resource_type_not_used"),
        ),
        (b'{"a":1,"resourceType":"Claim"}', ("skipped", "resource_type_not_used")),
        (b'{"resourceType":"Observation","resourceType":"Claim"}', ("quarantined", "wrong_shape")),
        (b'{"resourceType":["Claim"]}', ("quarantined", "no_resource_type")),
        (b'{"resourceType":null}', ("quarantined", "no_resource_type")),
        (b'{"resourceType":"claim"}', ("quarantined", "unknown_resource_type")),
        (b"[]", ("quarantined", "no_resource_type")),
        (b"null", ("quarantined", "no_resource_type")),
        (b'"Claim"', ("quarantined", "no_resource_type")),
        (b"\xef\xbb\xbf", ("quarantined", "not_json")),
        (b'\xef\xbb\xbf{"resourceType":"Claim"}', ("skipped", "resource_type_not_used")),
        (b'{"resourceType":"Bundle","entry":[null]}', ("skipped", "resource_type_not_used")),
        (b'{"resourceType":"Bundle","entry":[{}]}', ("skipped", "resource_type_not_used")),
        (b'{"resourceType":"Bundle","entry":{}}', ("quarantined", "wrong_shape")),
        (
            b'{"resourceType":"Bundle","entry":[{"resource":7}]}',
            ("quarantined", "no_resource_type"),
        ),
    ],
)
def test_hostile_json_ends_in_one_disposition(raw: bytes, expected: tuple[str, str]) -> None:
    assert disposition(raw) == expected


@pytest.mark.parametrize("element", ["code", "interpretation", "subject", "component", "note"])
def test_depth_without_end_is_refused_wherever_it_is(element: str) -> None:
    sound = json.dumps(observation())[:-1]
    told = disposition(f'{sound},"{element}":{"[" * 5000}{"]" * 5000}}}'.encode())
    assert told[0] == "quarantined"
    assert told[1] in {"nested_too_deep", "wrong_shape"}
