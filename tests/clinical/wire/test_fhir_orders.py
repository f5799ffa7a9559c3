"""Requests, specimens and reports of FHIR."""

from datetime import UTC, datetime

import pytest

from tests.clinical.wire.fhir_examples import bundle, example, row, rows


def at(hour: int, minute: int = 0, day: int = 1) -> datetime:
    return datetime(2024, 5, day, hour, minute, tzinfo=UTC)


def test_request_is_an_order() -> None:
    told = row("order_events", "ServiceRequest", basedOn=[{"reference": "ServiceRequest/x0"}])
    assert (told["order_id"], told["parent_id"]) == ("ServiceRequest/x1", "ServiceRequest/x0")
    assert (told["event"], told["order_status"]) == ("ordered", "active")
    assert (told["code"], told["encounter_id"]) == ("600-7", "e1")
    assert (told["effective_at"], told["documented_at"]) == (at(8), at(7, 55))
    assert told["is_cancelled"] is False


@pytest.mark.parametrize(
    ("status", "event", "is_cancelled"),
    [
        ("active", "ordered", False),
        ("on-hold", "held", False),
        ("completed", "completed", False),
        ("revoked", "cancelled", True),
        ("draft", "cancelled", True),
        ("entered-in-error", "cancelled", True),
        ("unknown", None, False),
    ],
)
def test_state_of_a_request_is_an_event(status: str, event: str, is_cancelled: bool) -> None:
    told = row("order_events", "ServiceRequest", status=status)
    assert (told["event"], told["is_cancelled"]) == (event, is_cancelled)


@pytest.mark.parametrize("vague", ["2024", "2024-05"])
def test_month_or_year_dates_no_order(vague: str) -> None:
    collection = {"collectedDateTime": vague}
    told = [
        row("order_events", "ServiceRequest", occurrenceDateTime=vague),
        row("order_events", "Specimen", collection=collection),
        row("order_events", "DiagnosticReport", effectiveDateTime=vague),
    ]
    assert [each["effective_at"] for each in told] == [None] * 3


@pytest.mark.parametrize("changes", [{"intent": "plan"}, {"doNotPerform": True}])
def test_what_is_only_planned_or_forbidden_is_no_order(changes: dict) -> None:
    told = row("order_events", "ServiceRequest", **changes)
    assert (told["event"], told["is_cancelled"]) == (None, True)


def test_specimen_is_collected_for_each_order_it_names() -> None:
    orders = [{"reference": "ServiceRequest/x1"}, {"reference": "ServiceRequest/x2"}]
    found = rows("order_events", example("Specimen", request=orders))
    assert [told["order_id"] for told in found] == ["ServiceRequest/x1", "ServiceRequest/x2"]
    for told in found:
        assert (told["event"], told["filler_id"]) == ("collected", "Specimen/x1")
        assert (told["specimen"], told["effective_at"]) == ("Blood specimen", at(8, 10))


def test_specimen_in_error_takes_no_order_back() -> None:
    told = row("order_events", "Specimen", status="entered-in-error")
    assert (told["order_id"], told["is_cancelled"]) == ("ServiceRequest/x1", False)
    alone = row("order_events", "Specimen", status="entered-in-error", request=None)
    assert (alone["order_id"], alone["is_cancelled"]) == ("Specimen/x1", True)


def test_report_stands_under_its_order() -> None:
    told = row("order_events", "DiagnosticReport")
    assert (told["order_id"], told["filler_id"]) == ("ServiceRequest/x1", "DiagnosticReport/x1")
    assert (told["event"], told["result_status"], told["order_status"]) == (
        *("reported", "final"),
        None,
    )
    assert (told["effective_at"], told["documented_at"]) == (at(8, 10), at(8, day=3))


def test_report_without_an_order_stands_under_its_own_number() -> None:
    assert (
        row("order_events", "DiagnosticReport", basedOn=None)["order_id"] == "DiagnosticReport/x1"
    )


def test_specimen_of_the_same_message_is_named_by_its_type() -> None:
    refers = [{"reference": "Specimen/x1"}]
    report = example("DiagnosticReport", specimen=refers)
    found = rows("order_events", bundle(report, example("Specimen")))
    assert [told["specimen"] for told in found] == ["Blood specimen", "Blood specimen"]
    contained = {"resourceType": "Specimen", "id": "s", "type": {"text": "Urine"}}
    within = example("DiagnosticReport", specimen=[{"reference": "#s"}], contained=[contained])
    assert [told["specimen"] for told in rows("order_events", within)] == ["Urine"]


def test_specimen_elsewhere_is_named_by_what_the_reference_says() -> None:
    named = row("order_events", "ServiceRequest", specimen=[{"display": "Blood"}])
    assert named["specimen"] == "Blood"
