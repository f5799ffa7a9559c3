"""Flags, consents and devices of FHIR."""

from datetime import UTC, datetime

from tests.clinical.wire.fhir_examples import coded, decode, example, row, rows


def at(hour: int, month: int = 5) -> datetime:
    return datetime(2024, month, 1, hour, tzinfo=UTC)


def test_flag_holds_from_when_to_when() -> None:
    period = {"start": "2024-05-01T08:00:00Z", "end": "2024-05-01T10:00:00Z"}
    told = row("flags", "Flag", period=period)
    assert (told["kind"], told["flag_id"], told["encounter_id"]) == ("flag", "Flag/x1", "e1")
    assert (told["code"], told["status"]) == ("304253006", "active")
    assert (told["started_at"], told["ended_at"]) == (at(8), at(10))


def test_flag_was_raised_when_it_was_sent_else_when_it_begins_to_hold() -> None:
    assert row("flags", "Flag")["documented_at"] == at(8)
    updated = {"lastUpdated": "2024-05-01T09:00:00Z"}
    assert row("flags", "Flag", meta=updated)["documented_at"] == at(9)


def test_consent_is_a_row_of_each_category_and_each_code() -> None:
    found = rows("flags", example("Consent"))
    assert [told["code"] for told in found] == ["dnr", "304253006"]
    for told in found:
        assert (told["kind"], told["flag_id"], told["value_code"]) == (
            "consent",
            "Consent/x1",
            "deny",
        )
        assert (told["started_at"], told["ended_at"]) == (at(8), at(8, 6))
        assert told["documented_at"] == at(9)


def test_consent_without_any_code_is_kept() -> None:
    told = row("flags", "Consent", category=None, provision=None)
    assert (told["code"], told["started_at"]) == (None, at(9))


def test_consent_of_r5_is_read_as_that_of_r4() -> None:
    newer = {
        "patient": None, "subject": {"reference": "Patient/p1"}, "dateTime": None,
        "date": "2024-05-01", "decision": "deny", "provision": [{"code": [coded("304253006")]}],
    }  # fmt: skip
    found = rows("flags", example("Consent", **newer))
    assert [(told["code"], told["value_code"]) for told in found] == [
        ("dnr", "deny"),
        ("304253006", "deny"),
    ]


def test_device_of_a_patient_is_a_row() -> None:
    told = row("flags", "Device")
    assert (told["kind"], told["code"], told["status"]) == ("device", "706172005", "active")


def test_device_of_nobody_gives_no_row_and_does_no_harm_to_its_message() -> None:
    nobodys = example("Device", patient=None)
    assert decode(nobodys).messages["disposition"].to_pylist() == ["skipped"]
    together = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": nobodys}, {"resource": example("Flag")}],
    }
    assert [told["kind"] for told in rows("flags", together)] == ["flag"]
