"""What the product knows about each clinical concept, and how its numbers are rounded.

Here: the dictionary of `clinical/concepts.csv`, the codes of `clinical/loinc.csv`, and the rounding
that every band rests on. Not here: which local code stands for a concept (feeds/), or how a value
gets its unit (clinical/normalise).
"""

from clinical.concepts.dictionary import CONCEPTS, LOINC_CONCEPTS, Concept, Kind
from clinical.concepts.loinc import KNOWN_CODES, LoincCode
from clinical.concepts.rounding import grid_above, grid_below, round_half_up, round_value

__all__ = [
    "CONCEPTS",
    "KNOWN_CODES",
    "LOINC_CONCEPTS",
    "Concept",
    "Kind",
    "LoincCode",
    "grid_above",
    "grid_below",
    "round_half_up",
    "round_value",
]
