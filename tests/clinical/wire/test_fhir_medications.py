"""Drugs ordered, given, handed out and taken, as FHIR says them."""

from datetime import UTC, datetime

import pytest

from tests.clinical.wire.fhir_examples import (
    NOREPINEPHRINE,
    RXNORM,
    bundle,
    coded,
    concept,
    decode,
    example,
    quantity,
    row,
    rows,
)

EVENTS = "medication_events"
ORDER = "MedicationRequest/x1"


def at(hour: int, minute: int = 0, day: int = 1) -> datetime:
    return datetime(2024, 5, day, hour, minute, tzinfo=UTC)


def dosage(**changes: object) -> list[dict]:
    return [
        {
            "route": {"text": "IV"},
            "doseAndRate": [{"doseQuantity": quantity(4, "mg"), **changes}],
        }
    ]


@pytest.mark.parametrize("vague", ["2024", "2024-01"])
def test_month_or_year_dates_what_is_stated_and_nothing_that_was_given(vague: str) -> None:
    kinds = {
        "MedicationRequest": {"authoredOn": vague},
        "MedicationAdministration": {"effectivePeriod": {"start": vague}},
        "MedicationDispense": {"whenHandedOver": vague},
        "Immunization": {"occurrenceDateTime": vague},
    }
    given = [row(EVENTS, kind, **changes) for kind, changes in kinds.items()]
    assert [told["started_at"] for told in given] == [None] * 4
    stated = row(EVENTS, "MedicationStatement", effectivePeriod={"start": vague})
    assert stated["started_at"] == datetime(2024, 1, 1, tzinfo=UTC)


def test_request_is_an_order_with_its_dose() -> None:
    told = row(EVENTS, "MedicationRequest", dosageInstruction=dosage())
    assert told == {
        "message": 0, "facility": "home", "patient_id": "p1", "encounter_id": "e1",
        "order_id": ORDER, "event": "ordered", "order_control": None, "code": "7512",
        "code_system": RXNORM, "code_text": "Norepinephrine", "route": "IV", "dose": 4.0,
        "dose_unit": "mg", "rate": None, "rate_unit": None, "started_at": at(8), "ended_at": None,
        "documented_at": at(8), "order_status": "active", "replaces_id": None, "event_id": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "events"),
    [
        ("active", ["ordered"]),
        ("on-hold", ["held"]),
        ("stopped", ["ordered", "discontinued"]),
        ("completed", ["ordered", "completed"]),
        ("ended", ["ordered", "completed"]),
        ("cancelled", ["cancelled"]),
        ("draft", ["cancelled"]),
        ("entered-in-error", ["cancelled"]),
        ("unknown", ["stated"]),
    ],
)
def test_state_of_a_request_is_its_events(status: str, events: list[str]) -> None:
    found = rows(EVENTS, example("MedicationRequest", status=status))
    assert [told["event"] for told in found] == events
    assert {told["order_id"] for told in found} == {ORDER}


def test_end_of_a_request_was_not_written_down_when_it_was_ordered() -> None:
    updated = {"lastUpdated": "2024-05-03T08:00:00Z"}
    ordered, ended = rows(EVENTS, example("MedicationRequest", status="stopped", meta=updated))
    assert (ordered["documented_at"], ended["documented_at"]) == (at(8), at(8, day=3))


@pytest.mark.parametrize(
    ("changes", "event"),
    [
        ({"intent": "plan"}, "stated"),
        ({"intent": "proposal", "status": "cancelled"}, "cancelled"),
        ({"doNotPerform": True}, "not_given"),
    ],
)
def test_what_is_not_ordered_is_no_order(changes: dict, event: str) -> None:
    assert row(EVENTS, "MedicationRequest", **changes)["event"] == event


def test_request_replaces_another() -> None:
    prior = {"reference": "MedicationRequest/x0"}
    told = row(EVENTS, "MedicationRequest", priorPrescription=prior)
    assert told["replaces_id"] == "MedicationRequest/x0"


@pytest.mark.parametrize(
    ("timing", "begins", "ends"),
    [
        (
            {
                "repeat": {
                    "boundsPeriod": {"start": "2024-05-01T10:00:00Z", "end": "2024-05-02T10:00:00Z"}
                }
            },
            at(10),
            at(10, day=2),
        ),
        ({"repeat": {"boundsDuration": quantity(2, "d")}}, at(8), at(8, day=3)),
        ({"repeat": {"boundsDuration": quantity(2, "mo")}}, at(8), None),
        ({"event": ["2024-05-01T11:00:00Z"]}, at(11), None),
    ],
)
def test_bounds_of_the_timing_are_those_of_the_order(timing, begins, ends) -> None:
    told = row(EVENTS, "MedicationRequest", dosageInstruction=[{"timing": timing}])
    assert (told["started_at"], told["ended_at"]) == (begins, ends)


def per(number: float, unit: str, below: float) -> dict:
    return {"rateRatio": {"numerator": quantity(number, unit), "denominator": quantity(below, "h")}}


@pytest.mark.parametrize(
    ("rate", "number", "unit"),
    [
        ({"rateQuantity": quantity(0.1, "ug/kg/min")}, 0.1, "ug/kg/min"),
        (per(100, "mL", 1), 100, "mL/h"),
        (per(100, "mL", 2), 50, "mL/h"),
        (per(1, "mL", 0), None, None),
        ({"rateRatio": {"numerator": quantity(100, "mL")}}, None, None),
        ({"rateQuantity": {"value": 5, "comparator": "<", "unit": "mL/h"}}, None, None),
    ],
)
def test_rate_is_an_amount_per_one(rate: dict, number: float | None, unit: str | None) -> None:
    told = row(EVENTS, "MedicationRequest", dosageInstruction=dosage(**rate))
    assert (told["rate"], told["rate_unit"]) == (number, unit)


def test_administration_stands_under_its_request() -> None:
    told = row(EVENTS, "MedicationAdministration")
    assert (told["order_id"], told["event_id"]) == (ORDER, "MedicationAdministration/x1")
    assert (told["event"], told["encounter_id"], told["route"]) == (
        "administered",
        "e1",
        "Intravenous route",
    )
    assert (told["dose"], told["dose_unit"]) == (4.0, "mg")
    assert (told["rate"], told["rate_unit"]) == (0.1, "ug/kg/min")
    assert (told["started_at"], told["ended_at"]) == (at(8, 30), at(10, 30))


def test_administration_without_a_request_stands_under_its_own_number() -> None:
    told = row(EVENTS, "MedicationAdministration", request=None)
    assert told["order_id"] == told["event_id"] == "MedicationAdministration/x1"


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ("in-progress", "administered"),
        ("completed", "administered"),
        ("stopped", "administered"),
        ("on-hold", "held"),
        ("not-done", "not_given"),
        ("entered-in-error", "cancelled"),
        ("unknown", "stated"),
    ],
)
def test_state_of_an_administration_is_an_event(status: str, event: str) -> None:
    assert row(EVENTS, "MedicationAdministration", status=status)["event"] == event


def test_administration_at_one_moment_has_no_end() -> None:
    moment = {"effectivePeriod": None, "effectiveDateTime": "2024-05-01T09:00:00Z"}
    told = row(EVENTS, "MedicationAdministration", **moment)
    assert (told["started_at"], told["ended_at"]) == (at(9), None)


def test_episode_of_care_is_no_visit() -> None:
    context = {"reference": "EpisodeOfCare/1"}
    assert row(EVENTS, "MedicationAdministration", context=context)["encounter_id"] is None


def test_drug_is_that_of_the_medication_referred_to() -> None:
    drug = {"reference": "Medication/m"}
    request = example("MedicationRequest", medicationCodeableConcept=None, medicationReference=drug)
    together = bundle(request, example("Medication", id="m"))
    assert [told["code"] for told in rows(EVENTS, together)] == ["7512"]
    contained = [{"resourceType": "Medication", "id": "m", "code": NOREPINEPHRINE}]
    within = request | {"medicationReference": {"reference": "#m"}, "contained": contained}
    assert [told["code"] for told in rows(EVENTS, within)] == ["7512"]


def test_drug_elsewhere_is_known_by_the_words_of_the_reference() -> None:
    drug = {"reference": "Medication/m", "display": "Meropenem 1 g"}
    told = row(
        EVENTS, "MedicationRequest", medicationCodeableConcept=None, medicationReference=drug
    )
    assert (told["code"], told["code_text"]) == (None, "Meropenem 1 g")


def test_medication_without_a_code_is_its_first_ingredient() -> None:
    ingredient = [{"itemCodeableConcept": concept(RXNORM, "29561", "Meropenem")}]
    contained = [{"resourceType": "Medication", "id": "m", "ingredient": ingredient}]
    told = row(
        EVENTS,
        "MedicationRequest",
        medicationCodeableConcept=None,
        medicationReference={"reference": "#m"},
        contained=contained,
    )
    assert told["code_text"] == "Meropenem"


def test_drug_of_r5_is_read_as_that_of_r4() -> None:
    newer = {"medicationCodeableConcept": None, "medication": {"concept": NOREPINEPHRINE}}
    assert row(EVENTS, "MedicationRequest", **newer)["code"] == "7512"


@pytest.mark.parametrize(
    ("kind", "status", "event"),
    [
        ("MedicationDispense", "completed", "dispensed"),
        ("MedicationDispense", "preparation", "stated"),
        ("MedicationDispense", "declined", "cancelled"),
        ("MedicationStatement", "active", "stated"),
        ("MedicationStatement", "not-taken", "not_given"),
        ("MedicationStatement", "entered-in-error", "cancelled"),
        ("Immunization", "completed", "administered"),
        ("Immunization", "not-done", "not_given"),
    ],
)
def test_state_of_what_is_handed_out_or_stated_is_an_event(kind, status, event) -> None:
    assert row(EVENTS, kind, status=status)["event"] == event


def test_dispense_stands_under_its_request() -> None:
    told = row(EVENTS, "MedicationDispense")
    assert (told["order_id"], told["event_id"]) == (ORDER, "MedicationDispense/x1")
    assert (told["started_at"], told["encounter_id"]) == (at(8, 20), "e1")


def test_immunization_is_an_administration_of_its_own() -> None:
    told = row(EVENTS, "Immunization")
    assert (told["order_id"], told["code"]) == ("Immunization/x1", "140")
    assert (told["dose"], told["dose_unit"], told["started_at"]) == (0.5, "mL", at(8))


def test_route_without_words_is_its_code() -> None:
    given = {"route": coded("47625008")}
    assert row(EVENTS, "MedicationAdministration", dosage=given)["route"] == "47625008"


def test_instruction_of_another_shape_quarantines_its_message() -> None:
    wrong = example("MedicationRequest", dosageInstruction=[{"doseAndRate": 5}])
    assert decode(wrong).messages["reason"].to_pylist() == ["wrong_shape"]


def test_medication_alone_says_nothing_of_a_patient() -> None:
    assert rows(EVENTS, example("Medication")) == []
