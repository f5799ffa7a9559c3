"""Patients, visits and observations as typed shapes, with only the fields that are used.

Here: the structs of Patient, Encounter, Observation and Location. Not here: data types
(resources.py), or what is made of them (patients.py, encounters.py, observations.py).

Where R4 and R5 spell an element differently both spellings are declared, and what a sender fills is
read: a version is told by the shape of what it says, never by what it says of itself.
"""

from msgspec import Raw, field

from clinical.wire.fhir.resources import (
    NOTHING,
    Address,
    CodeableConcept,
    ContactPoint,
    Element,
    HumanName,
    Period,
    Quantity,
    Range,
    Ratio,
    Reference,
    Resource,
    Timing,
)


class Measured(Resource):
    """What an Observation and its components share: a code and a value or why there is none."""

    code: Raw = NOTHING
    value_quantity: Quantity | None = None
    value_codeable_concept: Raw = NOTHING
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: Raw = NOTHING
    value_range: Range | None = None
    value_ratio: Ratio | None = None
    value_sampled_data: Raw = NOTHING
    value_time: str | None = None
    value_date_time: str | None = None
    value_period: Period | None = None
    data_absent_reason: Raw = NOTHING
    interpretation: Raw = NOTHING
    reference_range: Raw = NOTHING


class Observation(Measured, tag_field="resourceType"):
    """A measurement or assertion about a subject."""

    focus: Raw = NOTHING
    effective_date_time: str | None = None
    effective_period: Period | None = None
    effective_instant: str | None = None
    effective_timing: Timing | None = None
    issued: str | None = None
    specimen: Raw = NOTHING
    note: Raw = NOTHING
    component: list[Measured] | None = None


class Bound(Element):
    """One entry of referenceRange: what is usual, or for whom."""

    low: Quantity | None = None
    high: Quantity | None = None
    type: CodeableConcept | None = None
    text: str | None = None


class PatientLink(Element):
    """Another record of the same person."""

    other: Raw = NOTHING
    type: str | None = None


class Patient(Resource, tag_field="resourceType"):
    """A person in care; `status` is not an element of a Patient."""

    active: bool | None = None
    name: list[HumanName] | None = None
    gender: str | None = None
    birth_date: str | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None
    address: list[Address] | None = None
    telecom: list[ContactPoint] | None = None
    link: list[PatientLink] | None = None


class Stay(Element):
    """One entry of Encounter.location; R5 calls the physical type `form`."""

    location: Raw = NOTHING
    status: str | None = None
    physical_type: CodeableConcept | None = None
    form: CodeableConcept | None = None
    period: Period | None = None


class Hospitalization(Element):
    """How the admission ended."""

    discharge_disposition: CodeableConcept | None = None


class Encounter(Resource, tag_field="resourceType"):
    """A visit.

    R5 has `class` as a list of concepts, `actualPeriod`, `admission`; statusHistory is R4's.
    """

    class_: Raw = field(default=NOTHING, name="class")
    period: Period | None = None
    actual_period: Period | None = None
    hospitalization: Hospitalization | None = None
    admission: Hospitalization | None = None
    location: list[Stay] | None = None
    status_history: list["Status"] | None = None
    class_history: list["Class"] | None = None
    account: list[Reference | None] | None = None
    part_of: Raw = NOTHING


class Status(Element):
    """One entry of Encounter.statusHistory."""

    status: str | None = None
    period: Period | None = None


class Class(Element):
    """One entry of Encounter.classHistory."""

    class_: Raw = field(default=NOTHING, name="class")
    period: Period | None = None


class Location(Resource, tag_field="resourceType"):
    """A place; read only where an Encounter of the same message refers to it."""

    name: str | None = None
    physical_type: CodeableConcept | None = None
    form: CodeableConcept | None = None
