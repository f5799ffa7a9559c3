"""The resources this room reads, as typed shapes with only the fields that are used.

Here: msgspec structs of FHIR R4 data types and resources. Not here: reading bytes into them
(messages.py), or what is made of them (observations.py, encounters.py, patients.py).

Every field may be absent or null: a sender that leaves out a required element is judged by what the
element is needed for, not by its schema. Numbers stay `Raw`: `6.10` and `1e999` are kept as sent.
"""

from msgspec import Raw, Struct, field


class Element(Struct, rename="camel", gc=False):
    """A data type of FHIR; its fields are the JSON names in snake case."""


class Coding(Element):
    """One code of one code system."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(Element):
    """What a code means, said in several code systems or in words."""

    coding: list[Coding] | None = None
    text: str | None = None


class Quantity(Element):
    """A number with its unit; `value` is the JSON number verbatim."""

    value: Raw = Raw()
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Range(Element):
    """Low and high."""

    low: Quantity | None = None
    high: Quantity | None = None


class Ratio(Element):
    """A titre, or an amount per amount."""

    numerator: Quantity | None = None
    denominator: Quantity | None = None


class Period(Element):
    """Start and end, either of them open."""

    start: str | None = None
    end: str | None = None


class Timing(Element):
    """When something happened repeatedly; only its listed moments are read."""

    event: list[str] | None = None


class Assigner(Element):
    """Who issued an identifier."""

    display: str | None = None


class Identifier(Element):
    """A business identifier."""

    use: str | None = None
    type: CodeableConcept | None = None
    system: str | None = None
    value: str | None = None
    assigner: Assigner | None = None


class Reference(Element):
    """A link to another resource: literal, logical (`identifier`) or in words."""

    reference: str | None = None
    type: str | None = None
    identifier: Identifier | None = None
    display: str | None = None


class Meta(Element):
    """Metadata of a resource on its server."""

    last_updated: str | None = None
    source: str | None = None


class HumanName(Element):
    """A name of a person."""

    use: str | None = None
    family: str | None = None
    given: list[str | None] | None = None


class Measured(Element):
    """What an Observation and its components share: a code and a value or why there is none.

    `code` is a CodeableConcept not read yet: a feed sends few distinct ones (codings.py).
    """

    code: Raw = Raw()
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: Raw = Raw()
    value_range: Range | None = None
    value_ratio: Ratio | None = None
    value_sampled_data: Raw = Raw()
    value_time: str | None = None
    value_date_time: str | None = None
    value_period: Period | None = None
    data_absent_reason: CodeableConcept | None = None
    interpretation: list[CodeableConcept] | None = None


class Observation(Measured, tag_field="resourceType", tag="Observation"):
    """A measurement or assertion about a subject."""

    id: str | None = None
    meta: Meta | None = None
    contained: list[Raw] | None = None
    identifier: list[Identifier] | None = None
    status: str | None = None
    subject: Reference | None = None
    focus: list[Reference] | None = None
    encounter: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    effective_instant: str | None = None
    effective_timing: Timing | None = None
    issued: str | None = None
    component: list[Measured] | None = None


class Patient(Element, tag_field="resourceType", tag="Patient"):
    """A person in care."""

    id: str | None = None
    meta: Meta | None = None
    identifier: list[Identifier] | None = None
    name: list[HumanName] | None = None
    gender: str | None = None
    birth_date: str | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None


class Stay(Element):
    """One entry of Encounter.location."""

    location: Reference | None = None
    status: str | None = None
    physical_type: CodeableConcept | None = None


class Hospitalization(Element):
    """How the admission ended."""

    discharge_disposition: CodeableConcept | None = None


class Encounter(Element, tag_field="resourceType", tag="Encounter"):
    """A visit."""

    id: str | None = None
    meta: Meta | None = None
    contained: list[Raw] | None = None
    identifier: list[Identifier] | None = None
    status: str | None = None
    class_: Coding | None = field(default=None, name="class")
    subject: Reference | None = None
    period: Period | None = None
    hospitalization: Hospitalization | None = None
    location: list[Stay] | None = None


class Request(Element):
    """What a transaction or history entry does with its resource."""

    method: str | None = None


class Entry(Element):
    """One entry of a Bundle, its resource not read yet."""

    full_url: str | None = None
    resource: Raw = Raw()
    request: Request | None = None


class Bundle(Element, tag_field="resourceType", tag="Bundle"):
    """Resources that travel together."""

    id: str | None = None
    meta: Meta | None = None
    type: str | None = None
    timestamp: str | None = None
    entry: list[Entry] | None = None


class Header(Element):
    """What any JSON object says it is."""

    resource_type: str
