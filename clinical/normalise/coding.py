"""What a code as sent stands for.

Here: the concept of a code by the feed's code map, else by LOINC; and the check of a profile
against the dictionary. Not here: the map's format (clinical/wire/profile.py), units or answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS, KNOWN_CODES, LOINC_CONCEPTS, Concept, Kind
from clinical.normalise.distinct import Index, distinct, flat
from clinical.normalise.remembered import Answers, per_profile
from clinical.wire.profile import CodeRule, FeedProfile

# How HL7 v2 (table 0396), FHIR and CDA name LOINC.
LOINC_SYSTEMS = frozenset({"LN", "LOINC", "http://loinc.org", "urn:oid:2.16.840.1.113883.6.1"})
UNTESTABLE = "untestable"
# The last two numbers of every table that `per_concept` makes are of no concept: of a code that
# nobody knows, and of one that is known and that no score reads.
_NUMBERS = {name: number for number, name in enumerate((*CONCEPTS, None))}
_UNSCORED = len(_NUMBERS)
_KINDS: tuple[Kind | None, ...] = (*(concept.kind for concept in CONCEPTS.values()), None, None)
_NAMES = pa.array([*CONCEPTS, None, None], pa.string())
_UNITS = pa.array([*(one.unit or None for one in CONCEPTS.values()), None, None], pa.string())


class NormalisationError(ValueError):
    """A feed profile that maps to something the dictionary does not have."""


@dataclass(frozen=True, slots=True)
class Coding:
    """What a code stands for; `unit` is the one its values have when none is sent.

    `is_unscored` marks a code that is known without a concept: no score reads its values.
    """

    concept: Concept | None = None
    loinc_code: str | None = None
    unit: str | None = None
    is_unscored: bool = False

    @property
    def name(self) -> str | None:
        """The concept's name."""
        return self.concept.name if self.concept else None

    @property
    def number(self) -> int:
        """The concept's number."""
        return _UNSCORED if self.is_unscored else _NUMBERS[self.name]


@dataclass(frozen=True, slots=True)
class Codings:
    """The distinct codings of a table, and the place in `each` of every row's."""

    each: list[Coding]
    which: Index
    concepts: Index  # the number of every row's concept

    def per_row(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """A number of every row's concept, of a table that `per_concept` made."""
        numbers: NDArray[np.float64] = table[self.concepts]
        return numbers

    def of_kind(self, kind: Kind | None) -> NDArray[np.bool_]:
        """The rows whose concept is of a kind; None: the rows without a concept."""
        same: NDArray[np.bool_] = _OF_KIND[kind][self.concepts]
        return same

    def unscored(self) -> NDArray[np.bool_]:
        """The rows of codes that are known and that no score reads."""
        same: NDArray[np.bool_] = self.concepts == _UNSCORED
        return same

    def concept(self) -> pa.Array:
        """The name of every row's concept."""
        return _NAMES.take(pa.array(self.concepts))

    def loinc_code(self) -> pa.Array:
        """The LOINC code of every row."""
        codes = pa.array([item.loinc_code for item in self.each], pa.string())
        return codes.take(pa.array(self.which))

    def ucum_unit(self) -> pa.Array:
        """The canonical unit of every row's concept."""
        return _UNITS.take(pa.array(self.concepts))


def per_concept(read: Callable[[Concept], float]) -> NDArray[np.float64]:
    """A number of every concept, by the concept's own number; NaN for none."""
    return np.array([*(read(concept) for concept in CONCEPTS.values()), np.nan, np.nan])


_OF_KIND = {kind: np.array([one == kind for one in _KINDS]) for kind in set(_KINDS)}


def codings(rows: pa.Table, profile: FeedProfile) -> Codings:
    """What the codes of a table of observations stand for."""
    names = ("code_system", "code", "alternate_system", "alternate_code")
    codes = distinct(*(flat(rows[name]) for name in names))
    each = codes.known(_codings(profile))
    numbers = [item.number for item in each]
    return Codings(each, codes.which, np.array(numbers, np.int64)[codes.which])


_Code = tuple[str | None, str | None, str | None, str | None]


def asked(profile: FeedProfile) -> Mapping[_Code, Coding]:
    """The codes that this process met of a feed: system, code and alternates, in that order."""
    return _codings(profile)


@per_profile
def _codings(profile: FeedProfile) -> Answers[_Code, Coding]:
    """The codings of a feed, as far as its codes were sent."""
    return Answers(lambda code: coding(profile, *code))


def coding(
    profile: FeedProfile,
    system: str | None,
    code: str | None,
    alternate_system: str | None = None,
    alternate_code: str | None = None,
) -> Coding:
    """The coding of one code and its alternate: the feed's map first, then LOINC."""
    sent = ((system, code), (alternate_system, alternate_code))
    rules = (profile.rule_for(*pair) for pair in sent if pair[1])
    loinc = next((code for system, code in sent if code and system in LOINC_SYSTEMS), None)
    rule = next((rule for rule in rules if rule), None)
    if rule is None and loinc is not None and loinc in LOINC_CONCEPTS:
        rule = CodeRule(LOINC_CONCEPTS[loinc].name)
    if rule is None:
        return Coding(loinc_code=loinc, is_unscored=loinc in KNOWN_CODES)
    concept = _concept(profile, rule)
    first = concept.loinc[0] if concept.loinc else None
    return Coding(concept, rule.loinc_code or loinc or first, rule.unit)


@per_profile
def check(profile: FeedProfile) -> None:
    """See that a profile names only concepts and answers that the dictionary has.

    Raises:
        NormalisationError: An unknown concept, or an answer that the concept does not have.
    """
    for rule in profile.codes.values():
        _concept(profile, rule)
    for name, answers in profile.answers.items():
        concept = _concept(profile, CodeRule(name))
        unknown = sorted({answer for answer in answers.values() if not _means(concept, answer)})
        if unknown:
            msg = f"feed profile `{profile.name}` gives `{name}` the unknown answers {unknown}"
            raise NormalisationError(msg)


def _concept(profile: FeedProfile, rule: CodeRule) -> Concept:
    if rule.concept not in CONCEPTS:
        msg = f"feed profile `{profile.name}` maps to the unknown concept {rule.concept!r}"
        raise NormalisationError(msg)
    return CONCEPTS[rule.concept]


def _means(concept: Concept, answer: str) -> bool:
    if answer == UNTESTABLE or answer in concept.answers:
        return True
    return concept.kind == "numeric" and answer.lstrip("-").replace(".", "", 1).isdecimal()
