"""The kinds of resources that are used: one line each.

Here: which shape goes to which reader. Not here: shapes and readers, or the names of types
(resource_types.py).
"""

from clinical.wire.fhir import (
    allergies,
    conditions,
    documents,
    encounters,
    flags,
    medications,
    observations,
    orders,
    patients,
    procedures,
)
from clinical.wire.fhir import drugs as of
from clinical.wire.fhir.core import Encounter, Location, Observation, Patient
from clinical.wire.fhir.kind import Kind

KINDS: tuple[Kind, ...] = (
    Kind(Observation, observations.read, observations.moments),
    Kind(Patient, patients.read),
    Kind(Encounter, encounters.read, encounters.moments),
    Kind(Location, None),
    Kind(orders.ServiceRequest, orders.read_requests, orders.moments),
    Kind(orders.Specimen, orders.read_specimens, orders.moments),
    Kind(orders.DiagnosticReport, orders.read_reports, orders.moments),
    Kind(of.MedicationRequest, medications.read_requests, medications.moments),
    Kind(of.MedicationAdministration, medications.read_administrations, medications.moments),
    Kind(of.MedicationDispense, medications.read_dispenses, medications.moments),
    Kind(of.MedicationStatement, medications.read_statements, medications.moments),
    Kind(of.Immunization, medications.read_immunizations, medications.moments),
    Kind(of.Medication, None),
    Kind(conditions.Condition, conditions.read, conditions.moments),
    Kind(procedures.Procedure, procedures.read, procedures.moments),
    Kind(allergies.AllergyIntolerance, allergies.read, allergies.moments),
    Kind(flags.Flag, flags.read_flags),
    Kind(flags.Consent, flags.read_consents),
    Kind(flags.Device, flags.read_devices, owned=False),
    Kind(documents.Communication, documents.read_communications, documents.moments),
    Kind(documents.DocumentReference, documents.read_documents, documents.moments),
)
