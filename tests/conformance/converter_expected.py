"""What a converter made of a message: the clinical facts of its FHIR bundle, as flat claims.

Here: reading a bundle that somebody else wrote, without our own decoder of FHIR. Not here: our
facts of the same message (converter_facts.py), or whether the two agree (converter_verdicts.py).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

Node = Mapping[str, Any]
GENDERS: Mapping[str, str] = MappingProxyType({"male": "M", "female": "F"})


@dataclass(frozen=True, slots=True)
class Claim:
    """A fact: its kind, the codes any of which it may be known by, and what is said of it."""

    kind: str
    keys: frozenset[str]
    said: Mapping[str, Any]


def claims(bundle: Node) -> list[Claim]:
    """The facts of every resource of a kind that is compared."""
    resources = [entry["resource"] for entry in bundle.get("entry", ()) if "resource" in entry]
    named = {f"{each['resourceType']}/{each.get('id')}": each for each in resources}
    return [
        claim
        for resource in resources
        if resource["resourceType"] in READERS
        for claim in READERS[resource["resourceType"]](resource, named)
    ]


def _codes(concept: Node | None) -> frozenset[str]:
    """The codes of a concept; its words where it has no code."""
    codings = (concept or {}).get("coding", ())
    codes = {one["code"].strip() for one in codings if one.get("code")}
    return frozenset(codes or filter(None, [(concept or {}).get("text")]))


def _without_nothing(**said: Any) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value not in (None, "", frozenset())}


def _identifiers(resource: Node, *types: str) -> frozenset[str]:
    found = set()
    for one in resource.get("identifier", ()):
        kinds = {coding.get("code") for coding in one.get("type", {}).get("coding", ())}
        if one.get("value") and (not types or kinds & set(types)):
            found.add(one["value"].strip())
    return frozenset(found)


def _patient(resource: Node, _: Mapping[str, Node]) -> Iterator[Claim]:
    name = next(iter(resource.get("name", ())), {})
    address = next(iter(resource.get("address", ())), {})
    yield Claim(
        "patient",
        _identifiers(resource),
        _without_nothing(
            birth_date=resource.get("birthDate", "")[:10],
            sex=GENDERS.get(resource.get("gender", "")),
            family_name=name.get("family", "").strip(),
            given_name=next(iter(name.get("given", ())), "").strip(),
            postcode=address.get("postalCode", "").strip(),
            city=address.get("city", "").strip(),
            deceased=resource.get("deceasedBoolean"),
            died_at=resource.get("deceasedDateTime"),
        ),
    )


def _observation(resource: Node, _: Mapping[str, Node]) -> Iterator[Claim]:
    parts = resource.get("component") or [resource]
    effective = resource.get("effectiveDateTime") or resource.get("effectivePeriod", {}).get(
        "start"
    )
    ranges = resource.get("referenceRange") or parts[0].get("referenceRange", ())
    # Repetitions of one OBX are components of one code: the first is the value.
    said = _without_nothing(
        status=resource.get("status"),
        effective_at=effective,
        reference_range=next((one.get("text", "").strip() for one in ranges), None),
        **_value(parts[0]),
    )
    yield Claim("observation", _codes(resource.get("code")), said)


def _value(part: Node) -> dict[str, Any]:
    quantity = part.get("valueQuantity")
    if quantity is not None:
        unit = frozenset(filter(None, (quantity.get("code"), quantity.get("unit"))))
        return {"value_number": quantity.get("value"), "unit_as_sent": unit}
    concept = part.get("valueCodeableConcept")
    if concept is not None:
        words = {one.get("display") for one in concept.get("coding", ())} | {concept.get("text")}
        return {"value_text": frozenset(filter(None, words | set(_codes(concept))))}
    text = part.get("valueString")
    return {"value_text": frozenset({text.strip()})} if text else {}


def _encounter(resource: Node, named: Mapping[str, Node]) -> Iterator[Claim]:
    places = frozenset(
        name
        for one in resource.get("location", ())
        for name in _place_names(one.get("location", {}).get("reference", ""), named)
    )
    period = resource.get("period", {})
    yield Claim(
        "encounter",
        _identifiers(resource),
        _without_nothing(
            patient_class=resource.get("class", {}).get("code"),
            unit=places,
            admitted_at=period.get("start"),
            discharged_at=period.get("end"),
        ),
    )


def _place_names(reference: str, named: Mapping[str, Node]) -> Iterator[str]:
    """The names of a place and of all that it is part of."""
    place, seen = named.get(reference), set()
    while place is not None and reference not in seen:
        seen.add(reference)
        yield from filter(None, [place.get("name", "").strip(), *_identifiers(place)])
        reference = place.get("partOf", {}).get("reference", "")
        place = named.get(reference)


def _condition(resource: Node, _: Mapping[str, Node]) -> Iterator[Claim]:
    said = _without_nothing(onset_at=resource.get("onsetDateTime"))
    yield Claim("diagnosis", _codes(resource.get("code")), said)


def _procedure(resource: Node, _: Mapping[str, Node]) -> Iterator[Claim]:
    performed = resource.get("performedDateTime") or resource.get("performedPeriod", {}).get(
        "start"
    )
    said = _without_nothing(started_at=performed)
    yield Claim("procedure", _codes(resource.get("code")), said)


def _allergy(resource: Node, _: Mapping[str, Node]) -> Iterator[Claim]:
    said = _without_nothing(
        allergy_type=next(iter(resource.get("category", ())), None),
        criticality=resource.get("criticality"),
        onset_at=resource.get("onsetDateTime"),
    )
    yield Claim("allergy", _codes(resource.get("code")), said)


def _drug(resource: Node, named: Mapping[str, Node]) -> frozenset[str]:
    concept = resource.get("medicationCodeableConcept") or resource.get("vaccineCode")
    reference = resource.get("medicationReference", {}).get("reference", "")
    return _codes(concept or named.get(reference, {}).get("code"))


def _medication(resource: Node, named: Mapping[str, Node]) -> Iterator[Claim]:
    dose = resource.get("doseQuantity", {})
    said = _without_nothing(
        order_id=_identifiers(resource, "PLAC", "FILL"),
        started_at=resource.get("occurrenceDateTime"),
        dose=dose.get("value"),
        dose_unit=frozenset(filter(None, (dose.get("code"), dose.get("unit")))),
    )
    yield Claim("medication", _drug(resource, named), said)


def _order(resource: Node, _: Mapping[str, Node]) -> Iterator[Claim]:
    said = _without_nothing(order_id=_identifiers(resource, "PLAC", "FILL"))
    yield Claim("order", _codes(resource.get("code")), said)


READERS: Mapping[str, Callable[[Node, Mapping[str, Node]], Iterator[Claim]]] = MappingProxyType(
    {
        "Patient": _patient,
        "Observation": _observation,
        "Encounter": _encounter,
        "Condition": _condition,
        "Procedure": _procedure,
        "AllergyIntolerance": _allergy,
        "MedicationRequest": _medication,
        "MedicationAdministration": _medication,
        "MedicationDispense": _medication,
        "Immunization": _medication,
        "ServiceRequest": _order,
        "DiagnosticReport": _order,
    }
)
