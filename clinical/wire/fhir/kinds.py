"""The kinds of resources that are used: one line each.

Here: which shape goes to which reader. Not here: shapes and readers, or the names of types
(resource_types.py).
"""

from clinical.wire.fhir import encounters, observations, patients
from clinical.wire.fhir.core import Encounter, Location, Observation, Patient
from clinical.wire.fhir.kind import Kind

KINDS: tuple[Kind, ...] = (
    Kind(Observation, observations.read, observations.moments),
    Kind(Patient, patients.read),
    Kind(Encounter, encounters.read, encounters.moments),
    Kind(Location, None),
)
