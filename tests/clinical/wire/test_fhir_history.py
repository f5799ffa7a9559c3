"""Conditions, procedures and allergies of FHIR."""

from datetime import UTC, datetime

import pytest

from tests.clinical.wire.fhir_examples import SNOMED, coded, concept, example, row, rows


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2024, 5, 1, hour, minute, tzinfo=UTC)


def test_condition_is_one_diagnosis_as_sent() -> None:
    told = row("diagnoses", "Condition", category=[coded("encounter-diagnosis")])
    assert told == {
        "message": 0, "facility": "home", "patient_id": "p1", "encounter_id": "e1",
        "code": "709044004", "code_system": SNOMED, "code_text": "Chronic kidney disease",
        "diagnosis_type": "encounter-diagnosis", "priority": None, "documented_at": at(9),
        "diagnosis_id": "Condition/x1", "status": "active", "onset_at": at(8), "ended_at": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("clinical", "verification", "status"),
    [
        ("active", "confirmed", "active"),
        ("resolved", "confirmed", "resolved"),
        ("active", "refuted", "refuted"),
        ("active", "provisional", "provisional"),
        ("active", "differential", "differential"),
        ("inactive", None, "inactive"),
        (None, "confirmed", None),
        (None, "entered-in-error", "entered_in_error"),
        ("active", "entered-in-error", "entered_in_error"),
    ],
)
def test_condition_has_one_status_of_two(clinical, verification, status) -> None:
    told = row(
        "diagnoses",
        "Condition",
        clinicalStatus=clinical and coded(clinical),
        verificationStatus=verification and coded(verification),
    )
    assert told["status"] == status


def test_condition_ends_at_its_abatement() -> None:
    period = {"start": "2024-05-01T10:00:00Z", "end": "2024-05-01T11:00:00Z"}
    assert row("diagnoses", "Condition", abatementPeriod=period)["ended_at"] == at(11)
    moment = "2024-05-01T12:00:00Z"
    assert row("diagnoses", "Condition", abatementDateTime=moment)["ended_at"] == at(12)


def test_onset_that_is_an_age_is_not_guessed() -> None:
    age = {"value": 50, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}
    assert row("diagnoses", "Condition", onsetDateTime=None, onsetAge=age)["onset_at"] is None


def test_remark_stands_among_the_notes_alone() -> None:
    remark = [{"text": "Told by Mrs Smith", "time": "2024-05-01T09:30:00Z"}]
    for kind, table in (("Condition", "diagnoses"), ("Procedure", "procedures")):
        resource = example(kind, note=remark)
        [note] = rows("notes", resource)
        assert (note["text"], note["kind"], note["about_table"], note["about_id"]) == (
            *("Told by Mrs Smith", "comment"),
            *(table, f"{kind}/x1"),
        )
        assert "Smith" not in str(rows(table, resource))


def test_remark_is_taken_back_with_its_resource() -> None:
    wrong = example("Procedure", note=[{"text": "x"}], status="entered-in-error")
    assert [note["status"] for note in rows("notes", wrong)] == ["entered_in_error"]


def test_procedure_is_one_row_as_sent() -> None:
    assert row("procedures", "Procedure") == {
        "message": 0, "facility": "home", "patient_id": "p1", "encounter_id": "e1",
        "procedure_id": "Procedure/x1", "code": "302497006", "code_system": SNOMED,
        "code_text": "Haemodialysis", "status": "completed", "started_at": at(8),
        "ended_at": at(12), "documented_at": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("preparation", "planned"),
        ("in-progress", "in_progress"),
        ("not-done", "not_done"),
        ("on-hold", "on_hold"),
        ("stopped", "stopped"),
        ("completed", "completed"),
        ("unknown", "unknown"),
        ("entered-in-error", "entered_in_error"),
    ],
)
def test_procedure_says_how_far_it_came(sent: str, status: str) -> None:
    assert row("procedures", "Procedure", status=sent)["status"] == status


def test_procedure_of_r5_is_read_as_that_of_r4() -> None:
    period = {"start": "2024-05-01T08:00:00Z", "end": "2024-05-01T12:00:00Z"}
    newer = {
        "performedPeriod": None,
        "occurrencePeriod": period,
        "recorded": "2024-05-01T13:00:00Z",
    }
    told = row("procedures", "Procedure", **newer)
    assert (told["started_at"], told["ended_at"], told["documented_at"]) == (at(8), at(12), at(13))


def test_allergy_is_one_row_as_sent() -> None:
    assert row("allergies", "AllergyIntolerance", onsetDateTime="2024-05-01T07:00:00Z") == {
        "message": 0, "facility": "home", "patient_id": "p1", "encounter_id": None,
        "allergy_id": "AllergyIntolerance/x1", "code": "91936005", "code_system": SNOMED,
        "code_text": "Allergy to penicillin", "allergy_type": "medication", "criticality": "high",
        "status": "active", "onset_at": at(7), "documented_at": at(9),
    }  # fmt: skip


def test_allergy_without_a_code_is_to_what_the_reaction_was_to() -> None:
    reaction = [{"substance": concept(SNOMED, "373270004", "Penicillin"), "manifestation": [{}]}]
    told = row("allergies", "AllergyIntolerance", code=None, reaction=reaction)
    assert (told["code"], told["code_text"]) == ("373270004", "Penicillin")
