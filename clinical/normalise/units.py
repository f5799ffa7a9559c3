"""From a unit as sent to the concept's canonical unit.

Here: missing units, the feed's own spellings before the known ones, and which conversions a concept
allows. Not here: the known spellings (spellings.py), the arithmetic between UCUM units (ucum.py),
or plausibility (values.py).

A unit that is not known is never guessed: the value stays as sent, with the reason.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from clinical.concepts import CONCEPTS, Concept
from clinical.normalise.conversions import affine
from clinical.normalise.spellings import SPELLINGS, spelled

__all__ = ["SPELLINGS", "UNITLESS", "Conversion", "conversion", "spelled"]

# Canonical units of a bare number: nothing needs to be sent, and nothing converts.
UNITLESS = frozenset({"1", "{score}", "[pH]", "{INR}"})
# An inspired fraction is told by its size, not by its unit (measures.py): with these, or with none.
_FRACTION_UNITS = frozenset({"1", "%"})
_MISSING = frozenset({"", '""'})  # `""` is HL7's explicit null
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_EQUIVALENTS = re.compile(r"([munp]?)eq/")
# D-dimer units count half the mass of fibrinogen equivalent ones, more or less, by the assay.
_OTHER_SUBSTANCE = re.compile(r"\{[^{}]*D-?DU[^{}]*\}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Conversion:
    """`value = number * factor + offset`, or the reason why there is no value."""

    factor: float = 1.0
    offset: float = 0.0
    reason: str | None = None


_SAME = Conversion()
_UNKNOWN = Conversion(reason="unknown_unit")


def conversion(
    concept: Concept, sent: str | None, default: str | None, aliases: Mapping[str, str]
) -> Conversion:
    """How a number in the unit as sent becomes one in the concept's canonical unit.

    Args:
        concept: What was measured.
        sent: Unit as sent.
        default: Unit of the code map for a code that sends none.
        aliases: The feed's own spellings; `concept:unit` limits one to a concept.

    Returns:
        Factor and offset, or the reason `missing_unit` or `unknown_unit`.
    """
    unit = (sent or "").strip()
    if unit in _MISSING:
        unit = default or ""
    if not unit:
        bare = concept.unit in UNITLESS or concept.name == "fio2"
        return _SAME if bare else Conversion(reason="missing_unit")
    return _convert(concept.name, _ucum(unit, concept.name, aliases))


def _ucum(unit: str, concept: str, aliases: Mapping[str, str]) -> str:
    own = aliases.get(f"{concept}:{unit}") or aliases.get(unit)
    return own or spelled(unit)


@lru_cache(maxsize=4096)
def _convert(name: str, ucum: str) -> Conversion:
    concept = CONCEPTS[name]
    unit = _ANNOTATION.sub("", ucum)
    if _OTHER_SUBSTANCE.search(ucum):
        return _UNKNOWN
    if ucum == concept.unit or (unit and unit == concept.unit):
        return _SAME
    if concept.unit in UNITLESS:
        return _SAME if unit in {"", "1"} else _UNKNOWN
    if not unit:  # an annotation alone, {score} say, is no unit of a quantity
        return _UNKNOWN
    if name == "fio2" and unit in _FRACTION_UNITS:
        return _SAME
    return _by_arithmetic(concept, unit)


def _by_arithmetic(concept: Concept, unit: str) -> Conversion:
    """Same dimension, or mass to substance by molar mass, or equivalents to moles by charge."""
    charge = 1
    if _EQUIVALENTS.match(unit):
        if concept.charge is None:
            return _UNKNOWN
        charge, unit = concept.charge, _EQUIVALENTS.sub(r"\1mol/", unit, count=1)
    if unit == concept.unit:
        return Conversion(factor=1.0 / charge)
    found = affine(unit, concept.unit, concept.molar_mass)
    return _UNKNOWN if found is None else Conversion(found[0] / charge, found[1])
