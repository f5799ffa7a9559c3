"""What FHIR says of infection, pressors and limits of treatment is heard as HL7 v2's is."""

import json
from typing import Any

import pyarrow as pa

from clinical.normalise import normalise, signals
from clinical.wire import fhir, hl7
from clinical.wire.profile import FeedProfile
from tests.clinical.wire.fhir_examples import RXNORM, SNOMED, concept, example, quantity

PLAIN = FeedProfile("plain", facility="home", format="fhir")
HL7 = FeedProfile("plain", facility="home")
INTRAVENOUS = concept(SNOMED, "47625008", "Intravenous route")
MEROPENEM = concept(RXNORM, "29561", "Meropenem")


def heard(road: Any, raw: list[bytes], profile: FeedProfile) -> dict[str, list[tuple]]:
    decoded = road.decode(pa.array(raw, pa.binary()), profile)
    assert set(decoded.messages["disposition"].to_pylist()) == {"parsed"}
    received = pa.array([0] * len(raw), pa.int64()).cast(pa.timestamp("us", "UTC"))
    found: dict[str, list[tuple]] = {}
    for row in signals(normalise(decoded, received, profile)).to_pylist():
        told = (row["effective_at"].isoformat(), row["value"], row["void"])
        found.setdefault(row["concept"], []).append(told)
    return found


def of_fhir(*resources: dict) -> dict[str, list[tuple]]:
    return heard(fhir, [json.dumps(resource).encode() for resource in resources], PLAIN)


def of_hl7(kind: str, *segments: str) -> dict[str, list[tuple]]:
    head = f"MSH|^~\\&|A|B|||20240501120000||{kind}|C1|P|2.5.1"
    return heard(hl7, ["\r".join([head, "PID|1||p1^^^home^MR", *segments]).encode()], HL7)


def administered(**changes: object) -> dict:
    dosage = {"route": INTRAVENOUS, "dose": quantity(1, "g")}
    made = {"medicationCodeableConcept": MEROPENEM, "dosage": dosage, **changes}
    return example("MedicationAdministration", **made)


def test_culture_and_antibiotic_are_heard_on_both_roads() -> None:
    one = of_fhir(example("ServiceRequest"), administered())
    other = of_hl7(
        "OML^O21^OML_O21",
        "ORC|NW|C1|||||||20240501075500",
        "OBR|1|C1||600-7^Bacteria identified in Blood by Culture^LN|||20240501080000",
    )
    other |= of_hl7(
        "RAS^O17^RAS_O17",
        "ORC|RE|M1",
        "RXA|0|1|20240501083000|20240501103000|29561^Meropenem^RXNORM|1|g",
        "RXR|IV^Intravenous",
    )
    for name in ("culture", "antibiotic"):
        assert one[name] == other[name]


def test_pressor_runs_at_its_rate_and_stops_at_its_end() -> None:
    rates = of_fhir(example("MedicationAdministration"))["norepinephrine_rate"]
    assert [(at, value) for at, value, _ in rates] == [
        ("2024-05-01T08:30:00+00:00", 0.1),
        ("2024-05-01T10:30:00+00:00", 0.0),
    ]


def test_dose_that_was_not_given_starts_nothing() -> None:
    assert "antibiotic" not in of_fhir(administered(status="not-done"))


def test_administration_in_error_is_taken_back() -> None:
    [told] = of_fhir(administered(status="entered-in-error"))["antibiotic"]
    assert told[2] is True


def test_order_that_is_revoked_is_taken_back() -> None:
    [told] = of_fhir(example("ServiceRequest", status="revoked"))["culture"]
    assert told[2] is True


def test_report_and_specimen_order_no_culture() -> None:
    assert "culture" not in of_fhir(example("DiagnosticReport"), example("Specimen"))


def test_flag_and_consent_tell_of_limits_of_treatment() -> None:
    dnr = 1.0
    assert [value for _, value, _ in of_fhir(example("Flag"))["code_status"]] == [dnr]
    assert [value for _, value, _ in of_fhir(example("Consent"))["code_status"]] == [dnr]
    [told] = of_fhir(example("Flag", status="entered-in-error"))["code_status"]
    assert told[2] is True


def test_procedure_and_condition_tell_of_the_kidneys() -> None:
    stage = concept("http://hl7.org/fhir/sid/icd-10", "N18.5", "Chronic kidney disease, stage 5")
    found = of_fhir(example("Procedure"), example("Condition", code=stage))
    assert "dialysis" in found
    assert "chronic_kidney_disease" in found
    [told] = of_fhir(example("Procedure", status="not-done"))["dialysis"]
    assert told[2] is True
