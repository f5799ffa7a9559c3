"""The data types of FHIR that this room reads, and what every resource has.

Here: msgspec structs of data types, `Resource`, `Bundle`. Not here: reading bytes into them
(messages.py), or the resources of one kind, each beside its reader (core.py, conditions.py ...).

Every field may be absent or null: a sender that leaves out a required element is judged by what the
element is needed for, not by its schema. Numbers stay `Raw`: `6.10` and `1e999` are kept as sent.
So do elements of which a feed sends few distinct ones, such as codes: each text is read once.
"""

from msgspec import Raw, Struct

# What an element of type Raw holds when it was not sent.
NOTHING = Raw()


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

    value: Raw = NOTHING
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


class Address(Element):
    """Where somebody lives; `text` is the whole of it in one piece."""

    use: str | None = None
    text: str | None = None
    line: list[str | None] | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None


class ContactPoint(Element):
    """A telephone number, an e-mail address or the like."""

    system: str | None = None
    value: str | None = None
    use: str | None = None


class Resource(Element):
    """What this room reads of every resource; `subject` and `encounter` are References.

    `identifier` is read only where no id is there to go by (identities.py).

    A kind of resource is `class Kind(Resource, tag_field="resourceType")`, named like its type.
    """

    id: str | None = None
    meta: Meta | None = None
    contained: list[Raw] | None = None
    identifier: Raw = NOTHING
    status: str | None = None
    subject: Raw = NOTHING
    encounter: Raw = NOTHING


class Request(Element):
    """What a transaction or history entry does with its resource."""

    method: str | None = None
    url: str | None = None


class Entry(Element):
    """One entry of a Bundle, its resource not read yet."""

    full_url: str | None = None
    resource: Raw = NOTHING
    request: Request | None = None


class Bundle(Element, tag_field="resourceType"):
    """Resources that travel together."""

    id: str | None = None
    meta: Meta | None = None
    type: str | None = None
    timestamp: str | None = None
    entry: list[Entry | None] | None = None


class Header(Element):
    """What any JSON object says it is."""

    resource_type: str
