"""Observations that stand within other resources: whose they are, and that none counts twice."""

from typing import Any

import pytest

from tests.clinical.wire.fhir_examples import CULTURE, Resource, bundle, decode, example, rows


def result(own: str = "o1", **changes: Any) -> Resource:
    """A creatinine as a report holds it: it names neither patient nor visit."""
    changes = {"subject": None, "encounter": None, "id": own} | changes
    told = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]},
        "effectiveDateTime": "2024-05-01T08:10:00Z",
        "valueQuantity": {"value": 1.4, "unit": "mg/dL"},
        **changes,
    }
    return {name: value for name, value in told.items() if value is not None}


def report(*held: Resource, **changes: Any) -> Resource:
    return example("DiagnosticReport", contained=list(held), **changes)


def told(*messages: Resource) -> list[tuple[Any, ...]]:
    names = ("order_id", "patient_id", "status")
    return [tuple(row[name] for name in names) for row in rows("observations", *messages)]


def test_result_within_a_report_is_of_the_report_s_patient_and_visit() -> None:
    holder = report(result(), result("o2"))
    [alone, _] = rows("observations", holder)
    [order] = rows("order_events", holder)
    assert alone["order_id"] == "DiagnosticReport/x1#o1"
    assert alone["value_number"] == 1.4
    for name in ("facility", "patient_id", "encounter_id"):
        assert alone[name] == order[name]
    assert rows("observations", bundle(holder)) == rows("observations", holder)


def test_result_that_names_its_own_subject_is_of_that_one() -> None:
    held = {"resourceType": "Patient", "id": "p", "identifier": [{"value": "M7"}]}
    within = report(held, result(subject={"reference": "#p"}))
    assert told(within) == [("DiagnosticReport/x1#o1", "M7", "final")]
    assert [row[1] for row in told(report(result(subject={"reference": "Patient/p8"})))] == ["p8"]
    assert rows("observations", report(result(subject={"reference": "Group/g"}))) == []


NUMBER = [{"system": "urn:lab", "value": "77"}]


@pytest.mark.parametrize(
    ("held", "outside"),
    [
        (result(), result()),
        (result("a", identifier=NUMBER), result("b", identifier=NUMBER)),
    ],
)
def test_result_that_stands_outside_as_well_is_read_once(held: Resource, outside: Resource) -> None:
    outside = outside | {"subject": {"reference": "Patient/x"}}
    for sent in (bundle(report(held), outside), bundle(outside, report(held))):
        assert [row["order_id"] for row in rows("observations", sent)] == [
            f"Observation/{outside['id']}"
        ]


def test_same_id_of_another_code_is_another_result() -> None:
    outside = result(code=CULTURE, subject={"reference": "Patient/x"})
    assert {row[0] for row in told(bundle(report(result()), outside))} == {
        *("DiagnosticReport/x1#o1", "Observation/o1")
    }


def test_report_sent_again_tells_the_same_result_again() -> None:
    first, again = told(report(result())), told(report(result(status="corrected")))
    assert (first[0][0], again[0][2]) == (again[0][0], "corrected")


def test_result_is_taken_back_with_its_report() -> None:
    [gone] = told(report(result(), status="entered-in-error"))
    assert gone[2] == "entered_in_error"
    sent = bundle(report(result()))
    sent["entry"].append({"request": {"method": "DELETE", "url": "DiagnosticReport/x1"}})
    assert [row[2] for row in told(sent)] == ["final", "entered_in_error"]


def test_result_of_nobody_is_left_where_it_is() -> None:
    nobody = {"resourceType": "Device", "id": "d", "contained": [result()]}
    decoded = decode(nobody)
    assert not decoded.facts
    assert decoded.messages["disposition"].to_pylist() == ["skipped"]


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (result(status=3), ["quarantined", "wrong_shape"]),
        (result(identifier="7"), ["quarantined", "wrong_shape"]),
        ({"id": "o1", "note": "Observation"}, ["parsed", None]),
        ({"resourceType": "Basic", "text": "Observation", "id": 3}, ["parsed", None]),
    ],
)
def test_only_what_says_it_is_an_observation_is_read(
    held: Resource, expected: list[str | None]
) -> None:
    [row] = decode(report(held)).messages.to_pylist()
    assert [row["disposition"], row["reason"]] == expected
