"""What an ORC does to its order, and the orders that reports name."""

from datetime import UTC, datetime

import pytest

from clinical.concepts.statuses import OBR_25, OBX_11, RANK, REPORTS, STATUSES, WRONG_PATIENT
from clinical.wire.hl7 import order_control as control
from lakehouse import columns
from tests.clinical.wire.test_hl7_events import PID, RXE, facts

REPORT = "OBR|1|P1|F1|K^Potassium^L|||20240601100000" + "|" * 15 + "20240601113000|||"


@pytest.mark.parametrize(
    ("orc", "event"),
    [
        ("NW", "ordered"),
        ("NA", "ordered"),
        ("", "ordered"),
        ("XO", "changed"),
        ("SC", "changed"),
        ("SC|P1|||CM", "completed"),
        ("SC|P1|||HD", "held"),
        ("SC|P1|||RP", "discontinued"),
        ("HD", "held"),
        ("OH", "held"),
        ("UR", "held"),
        ("RL", "resumed"),
        ("RL|P1|||HD", "resumed"),
        ("OE", "resumed"),
        ("UH", "resumed"),
        ("UC", "resumed"),
        ("DC", "discontinued"),
        ("OD", "discontinued"),
        ("CA", "cancelled"),
        ("OC", "cancelled"),
        ("UA", "cancelled"),
        ("RF", "changed"),
        ("FU", "dispensed"),
    ],
)
def test_a_control_code_says_what_becomes_of_an_order_for_tests_and_for_drugs(
    orc: str, event: str
) -> None:
    sent = f"ORC|{orc}" if "|" in orc else f"ORC|{orc}|P1"
    (drug,) = facts("RDE^O11", "medication_events", PID, sent, RXE)
    (test,) = facts("ORM^O01", "order_events", PID, sent, REPORT)
    assert (drug["event"], test["event"]) == (event, event)
    assert test["is_cancelled"] == (event in {"cancelled", "discontinued"})


def test_a_replacement_ends_the_order_before_it_and_names_it() -> None:
    segments = ("ORC|RP|P1", RXE, "ORC|RO|P2", RXE, "ORC|RO|P3", RXE, "ORC|NW|P4", RXE)
    rows = facts("RDE^O11", "medication_events", PID, *segments)
    found = [(row["order_id"], row["event"], row["replaces_id"]) for row in rows]
    assert found == [
        ("P1", "discontinued", None),
        ("P2", "ordered", "P1"),
        ("P3", "ordered", "P1"),
        ("P4", "ordered", None),
    ]


def test_a_replacement_alone_changes_its_order_or_names_its_parent() -> None:
    (row,) = facts("RDE^O11", "medication_events", PID, "ORC|RP|P1", RXE)
    assert (row["event"], row["replaces_id"]) == ("changed", None)
    (row,) = facts("RDE^O11", "medication_events", PID, "ORC|RO|P2||||||P1&CPOE^F1", RXE)
    assert (row["event"], row["replaces_id"]) == ("ordered", "P1")


def test_a_report_names_the_order_that_it_answers() -> None:
    rows = facts("ORU^R01", "order_events", PID, "ORC|RE|P1^X|F1^Y||CM", REPORT + "F")
    (row,) = rows
    assert (row["order_id"], row["filler_id"], row["event"]) == ("P1", "F1", "reported")
    assert (row["order_status"], row["result_status"], row["is_cancelled"]) == ("CM", "F", False)
    assert row["documented_at"] == datetime(2024, 6, 1, 11, 30, tzinfo=UTC)
    (row,) = facts("ORU^R01", "order_events", PID, REPORT + "P")
    assert (row["order_id"], row["event"], row["result_status"]) == ("P1", "reported", "P")


def test_a_report_without_an_order_or_its_number_is_no_order() -> None:
    assert facts("ORU^R01", "order_events", PID, REPORT.replace("P1", "") + "F") == []


@pytest.mark.parametrize("segments", [("ORC|OC|P1|F1",), ("ORC|RE|P1|F1", REPORT + "X")])
def test_a_report_may_cancel_its_order(segments: tuple[str, ...]) -> None:
    (row,) = facts("ORU^R01", "order_events", PID, *segments)
    assert (row["order_id"], row["event"], row["is_cancelled"]) == ("P1", "cancelled", True)


@pytest.mark.parametrize(
    ("parent", "expected"),
    [("P0&CPOE^F0&LAB", "P0"), ("^F0&LAB", "F0"), ("", None)],
)
def test_a_child_names_its_parent(parent: str, expected: str | None) -> None:
    (row,) = facts("ORU^R01", "order_events", PID, REPORT + "F||||" + parent)
    assert row["parent_id"] == expected
    (row,) = facts("ORM^O01", "order_events", PID, f"ORC|CH|P1||||||{parent}", REPORT)
    assert row["parent_id"] == expected


@pytest.mark.parametrize(
    ("segment", "event"),
    [
        ("RXD|1|D^Drug|20240601060000|1", "dispensed"),
        ("RXA|0|1|20240601060000||D^Drug|1" + "|" * 12 + "REF^Refused", "not_given"),
        ("RXA|0|1|20240601060000||D^Drug|1", "administered"),
    ],
)
def test_what_was_dispensed_or_refused_is_told_from_what_was_given(
    segment: str, event: str
) -> None:
    (row,) = facts("RDS^O13", "medication_events", PID, "ORC|RE|P1|||CM", segment)
    assert (row["event"], row["order_status"]) == (event, "CM")


def test_a_result_of_a_cancelled_report_is_cancelled_unless_it_was_withdrawn() -> None:
    obx = [f"OBX|{n}|NM|K||4.1||||||{status}" for n, status in enumerate(("F", "", "D", "W"), 1)]
    rows = facts("ORU^R01", "observations", PID, REPORT + "X", *obx)
    assert [row["status"] for row in rows] == [
        *("cancelled", "cancelled", "entered_in_error", "wrong_patient"),
    ]


def test_every_table_of_statuses_uses_the_contracts_words() -> None:
    assert set(STATUSES) == set(columns.STATUSES) == set(RANK)
    assert set(OBX_11.values()) | set(OBR_25.values()) <= {*STATUSES, WRONG_PATIENT}
    assert set(OBR_25) <= set(REPORTS)
    assert set(control.STATUSES.values()) <= {*control.DECISIVE.values(), control.COMPLETED}
