"""What holds of every kind of resource: it is valid, is somebody's, and can be taken back."""

from importlib import import_module

import pytest

from clinical.wire.fhir.kinds import KINDS
from clinical.wire.fhir.resource_types import USED
from tests.clinical.wire.fhir_examples import EXAMPLES, decode, example, rows

# The table that each kind's own rows stand in, and the column that tells of a retraction.
TABLES = {
    "Condition": ("diagnoses", "status", "entered_in_error"),
    "Procedure": ("procedures", "status", "entered_in_error"),
    "AllergyIntolerance": ("allergies", "status", "entered_in_error"),
    "Flag": ("flags", "status", "entered_in_error"),
    "Consent": ("flags", "status", "entered_in_error"),
    "Device": ("flags", "status", "entered_in_error"),
    "Communication": ("notes", "status", "entered_in_error"),
    "DocumentReference": ("notes", "status", "entered_in_error"),
    "ServiceRequest": ("order_events", "event", "cancelled"),
    "Specimen": ("order_events", "order_status", "entered-in-error"),
    "DiagnosticReport": ("order_events", "result_status", "entered-in-error"),
    "MedicationRequest": ("medication_events", "event", "cancelled"),
    "MedicationAdministration": ("medication_events", "event", "cancelled"),
    "MedicationDispense": ("medication_events", "event", "cancelled"),
    "MedicationStatement": ("medication_events", "event", "cancelled"),
    "Immunization": ("medication_events", "event", "cancelled"),
}
ERROR = {"coding": [{"code": "entered-in-error"}]}
VERIFIED = frozenset({"Condition", "AllergyIntolerance"})


@pytest.mark.parametrize("kind", EXAMPLES)
def test_example_is_valid(kind: str) -> None:
    module = pytest.importorskip(f"fhir.resources.R4B.{kind.lower()}")
    getattr(module, kind).model_validate(example(kind))


def test_kinds_are_those_that_are_used() -> None:
    shapes = [kind.shape.__name__ for kind in KINDS]
    assert sorted([*shapes, "Bundle"]) == sorted(USED)
    assert set(TABLES) | {"Medication"} == set(EXAMPLES)


@pytest.mark.parametrize("kind", TABLES)
def test_resource_gives_rows_of_its_patient(kind: str) -> None:
    table, _, _ = TABLES[kind]
    for told in rows(table, example(kind)):
        assert (told["facility"], told["patient_id"]) == ("home", "p1")


@pytest.mark.parametrize("kind", TABLES)
def test_resource_entered_in_error_is_taken_back(kind: str) -> None:
    table, column, word = TABLES[kind]
    wrong = {"verificationStatus": ERROR} if kind in VERIFIED else {"status": "entered-in-error"}
    found = rows(table, example(kind, **wrong))
    assert found
    assert {told[column] for told in found} == {word}


@pytest.mark.parametrize("kind", TABLES)
def test_resource_that_its_message_deletes_is_taken_back(kind: str) -> None:
    table, column, word = TABLES[kind]
    resource = {"request": {"method": "PUT", "url": f"{kind}/x1"}, "resource": example(kind)}
    gone = {"request": {"method": "DELETE", "url": f"{kind}/x1"}}
    message = {"resourceType": "Bundle", "type": "transaction", "entry": [resource, gone]}
    assert rows(table, message)[-1][column] == word


@pytest.mark.parametrize("kind", TABLES)
def test_resource_with_nothing_but_its_patient_is_kept(kind: str) -> None:
    bare = {
        name: value
        for name, value in example(kind).items()
        if name in {"resourceType", "id", "subject", "patient"}
    }
    [disposition] = decode(bare).messages["disposition"].to_pylist()
    # A text that is not there is no note.
    assert disposition == ("skipped" if TABLES[kind][0] == "notes" else "parsed")


@pytest.mark.parametrize("kind", sorted(set(TABLES) - {"Device"}))
def test_resource_of_nobody_is_quarantined(kind: str) -> None:
    found = decode(example(kind, subject=None, patient=None)).messages.to_pylist()
    assert [(told["disposition"], told["reason"]) for told in found] == [
        ("quarantined", "no_patient")
    ]


@pytest.mark.parametrize("kind", TABLES)
def test_resource_of_another_shape_is_quarantined(kind: str) -> None:
    found = decode(example(kind, status={"code": 5})).messages.to_pylist()
    assert [(told["disposition"], told["reason"]) for told in found] == [
        ("quarantined", "wrong_shape")
    ]


def test_module_of_the_specification_is_there_for_every_example() -> None:
    assert import_module("fhir.resources.R4B")
