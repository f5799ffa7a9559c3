"""What is known of patients beside results: procedures, allergies, addresses, vaccinations."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from clinical.wire.hl7 import decode
from clinical.wire.profile import FeedProfile

PID = "PID|||1^^^H^MR||DOE^JANE"


def facts(
    kind: str, *segments: str, version: str = "2.5", times: int = 1
) -> dict[str, list[dict[str, Any]]]:
    header = f"MSH|^~\\&|HIS|H|||20240601120000||{kind}|C1|P|{version}"
    raw = "\r".join((header, *segments)).encode()
    decoded = decode(pa.array([raw] * times, pa.binary()), FeedProfile("ward"))
    assert decoded.messages["reason"].to_pylist() == [None] * times
    return {name: rows.to_pylist() for name, rows in decoded.facts.items()}


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_an_account_tells_of_its_patient_diagnoses_and_procedures() -> None:
    found = facts(
        "BAR^P01", "EVN|P01|20240601110000", PID, "PV1||I", "DG1|1||I21^Infarction^I10",
        "PR1|1||92928^Stent^C4||20240601080000||45||||||||||||PX1", "PR1|2|||Words only",
        "PR1|3||1^Wrong^L||||||||||||||||PX2|D", "PR1|4",
    )  # fmt: skip
    assert [row["family_name"] for row in found["patient_demographics"]] == ["DOE"]
    assert [row["code"] for row in found["diagnoses"]] == ["I21"]
    stent, words, wrong = found["procedures"]
    assert (stent["code"], stent["code_system"], stent["code_text"]) == ("92928", "C4", "Stent")
    assert stent["started_at"] == at(2024, 6, 1, 8)
    assert (stent["ended_at"], stent["procedure_id"]) == (at(2024, 6, 1, 8, 45), "PX1")
    assert (words["code"], words["code_text"], words["ended_at"]) == (None, "Words only", None)
    assert [stent["status"], wrong["status"]] == ["completed", "entered_in_error"]
    assert stent["documented_at"] == at(2024, 6, 1, 11)


def test_allergies_of_both_segments_stand_in_the_order_of_the_message() -> None:
    found = facts(
        "ADT^A60", PID, "PV1||I", "IAM|1|DA|70618^Penicillin^RXN|SV||A|AX1||||20200101||20240101",
        "AL1|1|FA|^Peanuts|MI||20190101", "IAM|2|XX|1^Dust^L|||D|AX2", "AL1|2|DA",
    )["allergies"]  # fmt: skip
    assert [row["code_text"] for row in found] == ["Penicillin", "Peanuts", "Dust"]
    assert [row["allergy_type"] for row in found] == ["medication", "food", "XX"]
    assert [row["criticality"] for row in found] == ["high", "low", None]
    assert [row["status"] for row in found] == ["active", "active", "entered_in_error"]
    assert [row["allergy_id"] for row in found] == ["AX1", None, "AX2"]
    assert [row["onset_at"] for row in found] == [at(2020, 1, 1), at(2019, 1, 1), None]
    assert found[0]["documented_at"] == at(2024, 1, 1)


@pytest.mark.parametrize("times", [1, 600])
@pytest.mark.parametrize(
    ("sent", "address", "postcode", "phone"),
    [
        ("1 High St^Flat 2^Leeds^^LS1^UK||0113 496", "1 High St, Flat 2, Leeds", "LS1", "0113 496"),
        ("^^Leeds~2 Low St||^PRN^PH^^1^113^496", "Leeds", None, "113 496"),
        ("||^PRN^CP^^^^^^^^^+44113", None, None, "+44113"),
        ('""||""', None, None, None),
    ],
)
def test_address_and_phone(
    sent: str, address: str | None, postcode: str | None, phone: str | None, times: int
) -> None:
    found = facts("ADT^A31", f"{PID}||||||{sent}", times=times)["patient_demographics"]
    row = (found[-1]["address"], found[-1]["postcode"], found[-1]["phone"])
    assert (len(found), row) == (times, (address, postcode, phone))


def test_a_vaccination_is_administered_and_its_results_are_observed() -> None:
    found = facts(
        "VXU^V04", PID, "ORC|RE|P1|F1", "RXA|0|1|20240601090000||08^Hep B^CVX|0.5|mL",
        "OBX|1|CE|64994-7^Funding^LN||V02^Medicaid^HL70064||||||F",
    )  # fmt: skip
    (dose,) = found["medication_events"]
    assert (dose["event"], dose["code"], dose["dose"]) == ("administered", "08", 0.5)
    assert [row["value_text"] for row in found["observations"]] == ["Medicaid"]


@pytest.mark.parametrize("order", ["OBR|1|P1|F1|C|||20240601||||||||BLD^Blood", "OBR|1|P1|F1|C"])
def test_specimen_and_reference_range(order: str) -> None:
    spm = () if "BLD" in order else ("SPM|1|||BLD^Blood",)
    found = facts("ORU^R01", PID, order, "OBX|1|NM|A||1|mmol/L|3.5-5.1", *spm)
    (row,) = found["observations"]
    assert (row["specimen"], row["reference_range"]) == ("BLD", "3.5-5.1")


def test_old_messages_name_their_trigger_in_evn_alone() -> None:
    (row,) = facts("ADT", "EVN|A01|198901010800", "PID|||1||DOE^JANE", "PV1||I|W1", version="2.1")[
        "encounter_events"
    ]
    assert (row["event"], row["trigger"], row["unit"]) == ("admit", "A01", "W1")


@pytest.mark.parametrize("answer", ["ORR^O02", "ORL^O22", "ORG^O20", "ORI^O24"])
def test_an_answer_to_an_order_that_names_its_patient_tells_its_numbers(answer: str) -> None:
    (row,) = facts(answer, "MSA|AA|C0", PID, "ORC|NA|P1|F1")["order_events"]
    assert row["order_id"] == "P1"
