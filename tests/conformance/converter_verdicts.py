"""Whether our facts of a message are those that a converter found.

Here: matching and comparing, fact by fact and field by field. Not here: why two differ
(converter_classes.py).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from tests.conformance.converter_expected import Claim

# As the field of a fact that we do not have at all.
MISSING = "(the whole fact)"
DATE = 10


@dataclass(frozen=True, slots=True)
class Difference:
    """What a converter said, what we say of the same field, and our fact that came nearest."""

    claim: Claim
    field: str
    theirs: Any
    ours: Any
    nearest: Claim | None


def differences(theirs: Sequence[Claim], ours: Sequence[Claim]) -> Iterator[Difference]:
    """Every field of the converter's that is another, or none, here."""
    for claim in theirs:
        alike = [fact for fact in ours if fact.kind == claim.kind and _is_named(claim, fact)]
        if not alike:
            yield Difference(claim, MISSING, sorted(claim.keys), None, None)
            continue
        nearest = min(alike, key=lambda fact: len(_unequal(claim, fact)))
        for field in _unequal(claim, nearest):
            yield Difference(claim, field, claim.said[field], nearest.said.get(field), nearest)


def _is_named(claim: Claim, fact: Claim) -> bool:
    return bool({key.casefold() for key in claim.keys} & {key.casefold() for key in fact.keys})


def _unequal(claim: Claim, fact: Claim) -> list[str]:
    return [
        field
        for field, value in claim.said.items()
        if not EQUAL.get(field, _same)(value, fact.said.get(field), fact)
    ]


def _same(theirs: Any, ours: Any, _: Claim) -> bool:
    return str(theirs).strip() == str(ours if ours is not None else "").strip()


def same_time(theirs: str, ours: datetime | None, _: Claim) -> bool:
    """A moment by its instant, or, of a sender without an offset, by its wall clock."""
    if ours is None:
        return False
    if len(theirs) <= DATE:
        return ours.isoformat().startswith(theirs)
    told = datetime.fromisoformat(theirs)
    return ours in (told, told.replace(tzinfo=UTC))


def _same_number(theirs: float, ours: float | None, _: Claim) -> bool:
    return ours is not None and abs(float(theirs) - ours) < 1e-9


def _among(theirs: frozenset[str], ours: Any, _: Claim) -> bool:
    if isinstance(ours, frozenset):
        return bool(theirs & ours)
    return str(ours).strip().casefold() in {one.casefold() for one in theirs}


def _in_address(theirs: str, _: Any, fact: Claim) -> bool:
    return theirs in str(fact.said.get("address", ""))


# HL7 table 0004 as the IG for v2 to FHIR maps it to v3 ActEncounterCode.
CLASSES: Mapping[str, str] = MappingProxyType(
    {"E": "EMER", "I": "IMP", "O": "AMB", "P": "PRENC", "R": "AMB", "B": "IMP"}
)


def _same_class(theirs: str, ours: str | None, _: Claim) -> bool:
    return theirs in (ours, CLASSES.get(ours or ""))


def _same_status(theirs: str, ours: str | None, _: Claim) -> bool:
    return theirs == (ours or "").replace("_", "-")


EQUAL: Mapping[str, Callable[[Any, Any, Claim], bool]] = MappingProxyType(
    {
        **dict.fromkeys(("effective_at", "admitted_at", "discharged_at", "onset_at"), same_time),
        **dict.fromkeys(("started_at", "died_at"), same_time),
        **dict.fromkeys(("value_number", "dose"), _same_number),
        **dict.fromkeys(("value_text", "unit_as_sent", "unit", "order_id", "dose_unit"), _among),
        "city": _in_address,
        "patient_class": _same_class,
        "status": _same_status,
    }
)
