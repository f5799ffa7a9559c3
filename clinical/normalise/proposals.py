"""Which concept a code that nobody mapped may stand for, and why: a proposal, never a mapping.

Here: candidates by name, unit and range. Not here: applying one (a person adds the row to a code
map), or which codes there are (pulsehouse/unmapped.py).

Only what was sent about the code is looked at: its text, its units, and three percentiles of its
numbers, so that no value of a patient is needed.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from clinical.concepts import CONCEPTS, KNOWN_CODES, Concept
from clinical.normalise.units import UNITLESS, Conversion, conversion

# What each kind of evidence weighs; together they are 1. A name alone can carry a candidate, a unit
# and a range alone cannot: many things are measured in mmol/L.
NAME_WEIGHT, UNIT_WEIGHT, RANGE_WEIGHT = 0.6, 0.25, 0.15
LEAST_NAME, LEAST_SCORE, MOST_CANDIDATES = 0.4, 0.45, 3
# Words that tell little about what was measured.
_COMMON = frozenset(
    {"blood", "serum", "plasma", "level", "total", "of", "in", "by", "test", "result", "the", "or"}
    | {"volume", "mass", "moles", "whole", "measured", "count", "value", "calc", "calculated"}
    | {"per", "rate", "pressure", "automated", "enzymatic", "activity", "mean", "mdc", "x", "and"}
    | {"set", "non", "inv", "noninv", "noninvasive", "invasive", "bld"}
)
_COMMON_WEIGHT = 0.25
# A word may be cut to so many letters.
SHORTENED = 3
# A specimen of these is not what a concept of blood is measured in.
_ELSEWHERE = frozenset(
    {"urine", "csf", "cerebrospinal", "pleural", "ascites", "peritoneal", "synovial", "joint"}
    | {"stool", "faeces", "feces", "sweat", "sputum", "fluid", "drain", "dialysate", "saliva"}
    | {"cord", "amniotic"}
)


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent under one code.

    `percentiles` are the 5th, 50th and 95th of its numbers, None where too few patients have any;
    `has_numbers` tells whether there are numbers at all.
    """

    code: str
    text: str | None = None
    units: tuple[str, ...] = ()
    percentiles: tuple[float, float, float] | None = None
    has_numbers: bool = True


@dataclass(frozen=True, slots=True)
class Candidate:
    """A concept that a code may stand for: how well it fits, of 1, and the reasons."""

    concept: str
    score: float
    why: tuple[str, ...]


def candidates(sent: Sent, aliases: Mapping[str, str] | None = None) -> list[Candidate]:
    """The concepts that fit best, the best first; none where nothing fits well enough.

    Args:
        sent: What was sent under the code.
        aliases: The feed's own spellings of units.
    """
    told = [_words(text) for text in (sent.text or "", sent.code)]
    found = (_fits(sent, concept, told, aliases or {}) for concept in CONCEPTS.values())
    fitting = [one for one in found if one is not None and one.score >= LEAST_SCORE]
    return sorted(fitting, key=lambda one: (-one.score, one.concept))[:MOST_CANDIDATES]


def _fits(
    sent: Sent, concept: Concept, told: Sequence[frozenset[str]], aliases: Mapping[str, str]
) -> Candidate | None:
    if concept.kind == "event" or (concept.kind == "numeric") != sent.has_numbers:
        return None
    name, like = max(_named(concept.name, words) for words in told)
    if name < LEAST_NAME:
        return None
    why = [f"its name is like `{like}` ({name:.0%})"]
    score = NAME_WEIGHT * name
    if concept.kind == "coded":
        return Candidate(concept.name, round(score + UNIT_WEIGHT, 2), tuple(why))
    unit = _unit(sent.units, concept, aliases)
    if unit is None:
        return None
    by_unit, fits, how = unit
    ranged, span = _range(sent, concept, how)
    why += [text for text in (fits, span) if text]
    score += UNIT_WEIGHT * by_unit + RANGE_WEIGHT * ranged
    return Candidate(concept.name, round(score, 2), tuple(why)) if ranged >= 0 else None


def _unit(
    units: Sequence[str], concept: Concept, aliases: Mapping[str, str]
) -> tuple[float, str, Conversion | None] | None:
    """How well the units fit, in words, and the conversion; None where one is of something else."""
    if not units:
        bare = concept.unit in UNITLESS
        return (1.0 if bare else 0.4), ("" if bare else "no unit was sent"), None
    found = [(unit, conversion(concept, unit, None, aliases)) for unit in units]
    fitting = [(unit, one) for unit, one in found if one.reason is None]
    if not fitting:
        return None
    unit, one = fitting[0]
    same = one == Conversion()
    told = f"`{unit}` is its unit" if same else f"`{unit}` converts to {concept.unit}"
    return len(fitting) / len(found), told, one


def _range(sent: Sent, concept: Concept, how: Conversion | None) -> tuple[float, str]:
    """1 where nine tenths are plausible, 0 where that is not known, below 0 where it cannot be."""
    low, high = concept.plausible_low, concept.plausible_high
    if sent.percentiles is None or low is None or high is None:
        return 0.0, ""
    way = how or Conversion()
    first, middle, last = (number * way.factor + way.offset for number in sent.percentiles)
    span = f"{low:g} to {high:g} {concept.unit}"
    if low <= first and last <= high:
        return 1.0, f"nine tenths of its values lie within {span}"
    return (0.0, "") if low <= middle <= high else (-1.0, "")


def _named(concept: str, words: frozenset[str]) -> tuple[float, str]:
    """How like the words are to the likest of a concept's names, of 1, and that name."""
    if words & _ELSEWHERE and concept not in {"urine_output", "irrigant_in"}:
        return 0.0, ""
    return max(
        (
            (_likeness(words, told), name)
            for name, (told, begins) in _names()[concept].items()
            if not begins.isdisjoint(_beginnings(words))
        ),
        default=(0.0, ""),
    )


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """What both share, of what both have."""
    whole = _weight(one) + _weight(other)
    return (_weight(_shared(one, other)) + _weight(_shared(other, one))) / whole if whole else 0.0


def _shared(one: frozenset[str], other: frozenset[str]) -> list[str]:
    """The words of one that the other has, `puls` for `pulse` among them."""
    return [word for word in one if word in other or any(_begins(word, it) for it in other)]


def _begins(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= SHORTENED and long.startswith(short)


def _weight(words: Iterable[str]) -> float:
    return sum(_COMMON_WEIGHT if word in _COMMON else 1.0 for word in words)


def _words(text: str) -> frozenset[str]:
    """The words of a name; `WhiteCells` is two, a mere number none."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).replace("haem", "hem").replace("Haem", "Hem")
    return frozenset(
        word for word in re.findall(r"[a-z0-9]+", apart.casefold()) if not word.isdecimal()
    )


_Name = tuple[frozenset[str], frozenset[str]]


@cache
def _names() -> Mapping[str, Mapping[str, _Name]]:
    """The names of each concept: its own, those that sources give it, and those of its codes."""
    found: dict[str, dict[str, _Name]] = {name: {} for name in CONCEPTS}
    text = files("clinical").joinpath("concept_names.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        found[row["concept"]][row["name"]] = _name(row["name"])
    for code in KNOWN_CODES.values():
        if code.concept is not None:
            found[code.concept][code.name] = _name(code.name)
    for name, names in found.items():
        plain = name.replace("_", " ")
        names[plain] = _name(plain)
    return found


def _name(text: str) -> _Name:
    words = _words(text)
    return words, _beginnings(words)


@cache
def _beginnings(words: frozenset[str]) -> frozenset[str]:
    """The first letters of the words that tell much: names that share none are not alike."""
    return frozenset(word[:SHORTENED] for word in words - _COMMON)
