"""Charges: every FT1 is a row that says what its sender said, and no more."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.wire.decoded import Decoded
from clinical.wire.hl7 import decode
from clinical.wire.profile import FeedProfile
from pulsehouse.render.segments import escape, segment

PID = "PID|1||1^^^H^MR||FAM^GIV||19500228|F"
PV1 = "PV1|1|I|W1^R2^B3" + "|" * 16 + "V1"
FULL = (
    "FT1|1|T7|B1|20240601083000^202406010900|20240602|CG|71045^X-ray^L|Chest film||2|100&EUR|50&EUR"
    "|RAD-1^Radiology^L|||ICU^4^1|||||||||71045^Chest 1 view^C4"
)


def decoded(*segments: str, kind: str = "DFT^P03") -> Decoded:
    header = f"MSH|^~\\&|BILL|SITE|||20240601120000||{kind}|C1|P|2.5.1"
    return decode(
        pa.array(["\r".join([header, *segments]).encode()], pa.binary()), FeedProfile("f")
    )


def rows(*segments: str, kind: str = "DFT^P03") -> list[dict[str, Any]]:
    found = decoded(*segments, kind=kind)
    assert found.messages["disposition"].to_pylist() == ["parsed"]
    return found.facts["charges"].to_pylist() if "charges" in found.facts else []


def charge(**fields: str) -> dict[str, Any]:
    """The row of an FT1 with these fields, such as `f10="2"`."""
    numbered = {int(name[1:]): value for name, value in fields.items()}
    [row] = rows(PID, segment("FT1", {1: "1", **numbered}))
    return row


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2024, 6, day, hour, minute, tzinfo=UTC)


def test_a_charge_says_what_was_done_for_whom_when_and_for_how_much() -> None:
    [row] = rows("EVN|P03|20240602010000", PID, PV1, FULL)
    assert row == {
        "message": 0,
        "facility": "H",
        "patient_id": "1",
        "encounter_id": "V1",
        "transaction_id": "T7",
        "batch_id": "B1",
        "event": "charge",
        "transaction_type": "CG",
        "code": "71045",
        "code_system": "C4",
        "code_text": "Chest 1 view",
        "description": "Chest film",
        "quantity": 2.0,
        "amount": 100.0,
        "unit_amount": 50.0,
        "currency": "EUR",
        "cost_centre": "RAD-1",
        "unit": "ICU",
        "transaction_at": at(1, 8, 30),
        "posted_at": at(2),
        "documented_at": at(2, 1),
    }


@pytest.mark.parametrize("kind", ["DFT^P03", "DFT^P11", "ORM^O01", "ORU^R01", "ADT^A03", "RDE^O11"])
def test_every_ft1_of_a_message_is_a_row_in_its_order(kind: str) -> None:
    several = [segment("FT1", {1: str(number), 2: f"T{number}"}) for number in range(1, 5)]
    found = rows(PID, PV1, *several, "FT1", kind=kind)
    assert [row["transaction_id"] for row in found] == ["T1", "T2", "T3", "T4", None]


def test_a_charge_belongs_to_the_patient_it_stands_under() -> None:
    other = "PID|2||2^^^H^MR"
    found = rows(PID, PV1, "FT1|1|A", other, "FT1|1|B")
    assert [(row["patient_id"], row["encounter_id"], row["transaction_id"]) for row in found] == [
        ("1", "V1", "A"),
        ("2", None, "B"),
    ]


@pytest.mark.parametrize(
    ("sent", "event"),
    [
        ("CG", "charge"),
        ("CD", "credit"),
        ("PY", "payment"),
        ("AJ", "adjustment"),
        ("CO", "copayment"),
        ("ZZ", "ZZ"),
        ("", None),
        ('""', None),
    ],
)
def test_the_type_names_the_event(sent: str, event: str | None) -> None:
    assert charge(f6=sent)["event"] == event


def test_a_credit_keeps_the_sign_that_was_sent() -> None:
    row = charge(f6="CD", f10="-1", f11="-20.50&USD")
    assert (row["event"], row["quantity"], row["amount"]) == ("credit", -1.0, -20.5)


@pytest.mark.parametrize(
    ("charge_code", "procedure", "expected"),
    [
        ("C1^Film^L", "71045^X-ray^C4", ("71045", "X-ray", "C4")),
        ("C1^Film^L", "", ("C1", "Film", "L")),
        ("C1^Film^L", '""', ("C1", "Film", "L")),
        ("C1^Film^L", "^X-ray^C4", ("C1", "Film", "L")),
        ("C1^Film^L", "71045", ("71045", None, None)),
        ("^Film^L", "^X-ray^C4", (None, "Film", "L")),
        ("", "^X-ray^C4", (None, "X-ray", "C4")),
        ("", "", (None, None, None)),
        ("A~B", "P^1~Q^2", ("P", "1", None)),
    ],
)
def test_the_code_is_the_procedures_else_the_charges_and_never_a_mixture(
    charge_code: str, procedure: str, expected: tuple[str | None, ...]
) -> None:
    row = charge(f7=charge_code, f25=procedure)
    assert (row["code"], row["code_text"], row["code_system"]) == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("20240603", at(3)),
        ("20240603101500", at(3, 10, 15)),
        ("20240603101500-0500", at(3, 15, 15)),
        ("20240603101500^20240604", at(3, 10, 15)),
        ("20240603&DAY^20240604", at(3)),
        ("^20240604", None),
        ("2024060", None),
        ("20240631", None),
        ("yesterday", None),
        ('""', None),
        ("", None),
    ],
)
def test_the_day_of_a_charge_is_the_one_sent_and_else_unknown(
    sent: str, expected: datetime | None
) -> None:
    row = charge(f4=sent, f5=sent)
    assert (row["transaction_at"], row["posted_at"]) == (expected, expected)
    assert row["documented_at"] == at(1, 12)


@pytest.mark.parametrize(
    ("sent", "amount", "currency"),
    [
        ("100&USD^UP", 100.0, "USD"),
        ("100", 100.0, None),
        ("0&EUR", 0.0, "EUR"),
        ("12.50&EUR~13&USD", 12.5, "EUR"),
        ("&USD", None, "USD"),
        ("$100", None, None),
        ("1,000", None, None),
        ("<5", None, None),
        ("1e400", None, None),
        ("NaN", None, None),
        ('""', None, None),
    ],
)
def test_an_amount_is_a_number_as_sent_or_nothing(
    sent: str, amount: float | None, currency: str | None
) -> None:
    row = charge(f11=sent, f12=sent)
    assert (row["amount"], row["unit_amount"], row["currency"]) == (amount, amount, currency)
    assert charge(f10=sent.partition("&")[0].partition("^")[0])["quantity"] == amount


def test_the_amount_of_one_names_the_currency_where_the_whole_does_not() -> None:
    assert charge(f11="9", f12="3&EUR")["currency"] == "EUR"


def test_what_is_charged_is_in_words_in_its_own_field_or_beside_the_charge_code() -> None:
    assert charge(f7="C1^Film", f25="71045^X-ray")["description"] == "Film"
    assert charge(f7="C1^Film", f8="Film, urgent")["description"] == "Film, urgent"
    assert charge(f8='""')["description"] is None


def test_an_empty_segment_is_a_charge_of_which_nothing_is_known() -> None:
    [row] = rows(PID, "FT1|1")
    told = {"message", "facility", "patient_id", "documented_at"}
    assert {name for name, value in row.items() if value is not None} == told


def test_a_message_about_charges_tells_of_people_and_diagnoses_and_of_no_visit() -> None:
    found = decoded(PID, PV1, "FT1|1|A", "DG1|1||A41.9^Sepsis^I10", "OBX|1|NM|1||5")
    assert set(found.facts) == {"patient_demographics", "diagnoses", "charges"}


def test_charges_of_nobody_are_quarantined() -> None:
    found = decoded("FT1|1|A")
    assert found.messages["reason"].to_pylist() == ["no_pid"]
    assert found.facts == {}


def test_a_message_without_subcomponents_has_amounts_without_a_currency() -> None:
    header = "MSH|^~|BILL|SITE|||20240601||DFT^P03|C1|P|2.3"
    message = "\r".join([header, PID, "FT1|1||||||||||100&USD"]).encode()
    [row] = decode(pa.array([message]), FeedProfile("f")).facts["charges"].to_pylist()
    assert (row["amount"], row["currency"]) == (None, None)


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)


@given(TEXT, TEXT, TEXT)
def test_any_text_comes_through_its_escapes(code: str, text: str, department: str) -> None:
    row = charge(f25=f"{escape(code)}^{escape(text)}^C4", f13=escape(department))
    wanted = [None if told in {"", '""'} else told for told in map(_trimmed, (code, department))]
    assert [row["code"], row["cost_centre"]] == wanted


def _trimmed(text: str) -> str:
    return text.strip(" \t")
