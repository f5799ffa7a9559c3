"""Unremarkable resources of FHIR R4, and what they become: only what a test says differs.

Every example is valid by the specification (test_fhir_examples.py).
"""

import json
from typing import Any

import pyarrow as pa

from clinical.wire import fhir
from clinical.wire.decoded import FACTS, MESSAGES, Decoded
from clinical.wire.profile import FeedProfile

Resource = dict[str, Any]
PROFILE = FeedProfile("test", format="fhir", facility="home", zone="Europe/London")
SNOMED, RXNORM, LOINC = (
    "http://snomed.info/sct",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://loinc.org",
)
UCUM = "http://unitsofmeasure.org"
_PATIENT = {"reference": "Patient/p1"}
_VISIT = {"reference": "Encounter/e1"}


def concept(system: str, code: str, text: str) -> Resource:
    """A concept with one coding."""
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def coded(code: str) -> Resource:
    """A concept of which only the code counts."""
    return {"coding": [{"code": code}]}


def quantity(value: float, unit: str) -> Resource:
    """An amount in UCUM."""
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


NOREPINEPHRINE = concept(RXNORM, "7512", "Norepinephrine")
CULTURE = concept(LOINC, "600-7", "Bacteria identified in Blood by Culture")

EXAMPLES: dict[str, Resource] = {
    "Condition": {
        "code": concept(SNOMED, "709044004", "Chronic kidney disease"),
        "clinicalStatus": coded("active"),
        "verificationStatus": coded("confirmed"),
        "subject": _PATIENT,
        "encounter": _VISIT,
        "onsetDateTime": "2024-05-01T08:00:00Z",
        "recordedDate": "2024-05-01T09:00:00Z",
    },
    "Procedure": {
        "status": "completed",
        "code": concept(SNOMED, "302497006", "Haemodialysis"),
        "subject": _PATIENT,
        "encounter": _VISIT,
        "performedPeriod": {"start": "2024-05-01T08:00:00Z", "end": "2024-05-01T12:00:00Z"},
    },
    "AllergyIntolerance": {
        "code": concept(SNOMED, "91936005", "Allergy to penicillin"),
        "category": ["medication"],
        "criticality": "high",
        "clinicalStatus": coded("active"),
        "verificationStatus": coded("confirmed"),
        "patient": _PATIENT,
        "recordedDate": "2024-05-01T09:00:00Z",
    },
    "Flag": {
        "status": "active",
        "code": concept(SNOMED, "304253006", "Not for resuscitation"),
        "subject": _PATIENT,
        "encounter": _VISIT,
        "period": {"start": "2024-05-01T08:00:00Z"},
    },
    "Consent": {
        "status": "active",
        "scope": coded("adr"),
        "category": [coded("dnr")],
        "patient": _PATIENT,
        "dateTime": "2024-05-01T09:00:00Z",
        "policyRule": coded("cric"),
        "provision": {
            "type": "deny",
            "period": {"start": "2024-05-01T08:00:00Z", "end": "2024-06-01T08:00:00Z"},
            "code": [concept(SNOMED, "304253006", "Not for resuscitation")],
        },
    },
    "Device": {
        "status": "active",
        "type": concept(SNOMED, "706172005", "Ventilator"),
        "patient": _PATIENT,
    },
    "Communication": {
        "status": "completed",
        "subject": _PATIENT,
        "encounter": _VISIT,
        "sent": "2024-05-01T09:00:00Z",
        "payload": [{"contentString": "Family informed"}],
    },
    "DocumentReference": {
        "status": "current",
        "type": concept(LOINC, "11506-3", "Progress note"),
        "subject": _PATIENT,
        "date": "2024-05-01T09:00:00Z",
        # "Feels better"
        "content": [{"attachment": {"contentType": "text/plain", "data": "RmVlbHMgYmV0dGVy"}}],
    },
    "ServiceRequest": {
        "status": "active",
        "intent": "order",
        "code": CULTURE,
        "subject": _PATIENT,
        "encounter": _VISIT,
        "occurrenceDateTime": "2024-05-01T08:00:00Z",
        "authoredOn": "2024-05-01T07:55:00Z",
    },
    "Specimen": {
        "status": "available",
        "type": concept(SNOMED, "119297000", "Blood specimen"),
        "subject": _PATIENT,
        "request": [{"reference": "ServiceRequest/x1"}],
        "receivedTime": "2024-05-01T08:30:00Z",
        "collection": {"collectedDateTime": "2024-05-01T08:10:00Z"},
    },
    "DiagnosticReport": {
        "status": "final",
        "code": CULTURE,
        "subject": _PATIENT,
        "encounter": _VISIT,
        "basedOn": [{"reference": "ServiceRequest/x1"}],
        "effectiveDateTime": "2024-05-01T08:10:00Z",
        "issued": "2024-05-03T08:00:00Z",
    },
    "MedicationRequest": {
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": NOREPINEPHRINE,
        "subject": _PATIENT,
        "encounter": _VISIT,
        "authoredOn": "2024-05-01T08:00:00Z",
    },
    "MedicationAdministration": {
        "status": "completed",
        "medicationCodeableConcept": NOREPINEPHRINE,
        "subject": _PATIENT,
        "context": _VISIT,
        "effectivePeriod": {"start": "2024-05-01T08:30:00Z", "end": "2024-05-01T10:30:00Z"},
        "request": {"reference": "MedicationRequest/x1"},
        "dosage": {
            "route": concept(SNOMED, "47625008", "Intravenous route"),
            "dose": quantity(4, "mg"),
            "rateQuantity": quantity(0.1, "ug/kg/min"),
        },
    },
    "MedicationDispense": {
        "status": "completed",
        "medicationCodeableConcept": NOREPINEPHRINE,
        "subject": _PATIENT,
        "context": _VISIT,
        "whenHandedOver": "2024-05-01T08:20:00Z",
        "authorizingPrescription": [{"reference": "MedicationRequest/x1"}],
    },
    "MedicationStatement": {
        "status": "active",
        "medicationCodeableConcept": concept(RXNORM, "11289", "Warfarin"),
        "subject": _PATIENT,
        "effectivePeriod": {"start": "2024-01-01T08:00:00Z"},
        "dateAsserted": "2024-05-01T09:00:00Z",
    },
    "Immunization": {
        "status": "completed",
        "vaccineCode": concept("http://hl7.org/fhir/sid/cvx", "140", "Influenza"),
        "patient": _PATIENT,
        "occurrenceDateTime": "2024-05-01T08:00:00Z",
        "doseQuantity": quantity(0.5, "mL"),
    },
    "Medication": {"code": NOREPINEPHRINE},
}


def example(kind: str, **changes: object) -> Resource:
    """A resource of a type; `None` takes an element out."""
    made = {"resourceType": kind, "id": "x1", **EXAMPLES[kind], **changes}
    return {name: value for name, value in made.items() if value is not None}


def bundle(*resources: Resource) -> Resource:
    """Resources that travel together."""
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def decode(*messages: Resource) -> Decoded:
    """Messages as one batch."""
    raw = [json.dumps(message).encode() for message in messages]
    return fhir.decode(pa.array(raw, pa.binary()), PROFILE)


def rows(table: str, *messages: Resource) -> list[Resource]:
    """The rows of one table."""
    decoded = decode(*messages)
    assert decoded.messages.schema == MESSAGES
    found = decoded.facts.get(table)
    if found is None:
        return []
    assert found.schema == FACTS[table]
    told: list[Resource] = found.to_pylist()
    return told


def row(table: str, kind: str, **changes: object) -> Resource:
    """The one row of one resource."""
    [only] = rows(table, example(kind, **changes))
    return only
