"""From a unit as sent to the concept's canonical unit.

Here: spellings (`clinical/units.csv`, after the feed's own), missing units, and which conversions a
concept allows. Not here: the arithmetic between UCUM units (ucum.py), or plausibility (values.py).

A unit that is not known is never guessed: the value stays as sent, with the reason.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from clinical.concepts import CONCEPTS, Concept
from clinical.normalise.conversions import affine

# Canonical units of a bare number: nothing needs to be sent, and nothing converts.
UNITLESS = frozenset({"1", "{score}", "[pH]", "{INR}"})
# An inspired fraction is told by its size, not by its unit (measures.py): with these, or with none.
_FRACTION_UNITS = frozenset({"1", "%"})
_MISSING = frozenset({"", '""'})  # `""` is HL7's explicit null
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_EQUIVALENTS = re.compile(r"([munp]?)eq/")


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


def spelled(unit: str) -> str:
    """A unit as sent in UCUM, where the spelling is known."""
    return SPELLINGS.get(_folded(unit)) or unit


@lru_cache(maxsize=4096)
def _convert(name: str, ucum: str) -> Conversion:
    concept = CONCEPTS[name]
    unit = _ANNOTATION.sub("", ucum)
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


def _folded(unit: str) -> str:
    """One key for spellings that differ in case, blanks, degree sign or micro sign."""
    plain = re.sub(r"\s+", "", unit).casefold()
    return plain.replace("º", "°").replace("˚", "°").replace("μ", "u").replace("µ", "u")


def _spellings(text: str) -> dict[str, str]:
    return {_folded(row["as_sent"]): row["ucum"] for row in csv.DictReader(text.splitlines())}


SPELLINGS: Mapping[str, str] = _spellings(
    files("clinical").joinpath("units.csv").read_text(encoding="utf-8")
)
