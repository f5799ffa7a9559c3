"""What a code as sent stands for.

Here: the concept of a code by the feed's code map, else by LOINC; and the check of a profile
against the dictionary. Not here: the map's format (clinical/wire/profile.py), units or answers.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS, LOINC_CONCEPTS, Concept, Kind
from clinical.normalise.distinct import Index, distinct, flat
from clinical.wire.profile import CodeRule, FeedProfile

# How HL7 v2 (table 0396), FHIR and CDA name LOINC.
LOINC_SYSTEMS = frozenset({"LN", "LOINC", "http://loinc.org", "urn:oid:2.16.840.1.113883.6.1"})
UNTESTABLE = "untestable"


class NormalisationError(ValueError):
    """A feed profile that maps to something the dictionary does not have."""


@dataclass(frozen=True, slots=True)
class Coding:
    """What a code stands for; `unit` is the one its values have when none is sent."""

    concept: Concept | None = None
    loinc_code: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Codings:
    """The distinct codings of a table, and the place in `each` of every row's."""

    each: list[Coding]
    which: Index

    def per_row(self, read: Callable[[Concept], float]) -> NDArray[np.float64]:
        """A number of every row's concept; NaN where there is no concept."""
        numbers = [np.nan if item.concept is None else read(item.concept) for item in self.each]
        return np.array(numbers or [np.nan])[self.which]

    def of_kind(self, kind: Kind | None) -> NDArray[np.bool_]:
        """The rows whose concept is of a kind; None: the rows without a concept."""
        same = [(item.concept.kind if item.concept else None) == kind for item in self.each]
        return np.array(same or [False])[self.which]

    def concept(self) -> pa.Array:
        """The name of every row's concept."""
        return self._take(item.concept.name if item.concept else None for item in self.each)

    def loinc_code(self) -> pa.Array:
        """The LOINC code of every row."""
        return self._take(item.loinc_code for item in self.each)

    def ucum_unit(self) -> pa.Array:
        """The canonical unit of every row's concept."""
        return self._take(
            (item.concept.unit or None) if item.concept else None for item in self.each
        )

    def _take(self, texts: Iterable[str | None]) -> pa.Array:
        return pa.array(list(texts), pa.string()).take(pa.array(self.which))


def codings(rows: pa.Table, profile: FeedProfile) -> Codings:
    """What the codes of a table of observations stand for."""
    names = ("code_system", "code", "alternate_system", "alternate_code")
    codes = distinct(*(flat(rows[name]) for name in names))
    return Codings(codes.decide(lambda *code: coding(profile, *code)), codes.which)


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
        return Coding(loinc_code=loinc)
    concept = _concept(profile, rule)
    first = concept.loinc[0] if concept.loinc else None
    return Coding(concept, rule.loinc_code or loinc or first, rule.unit)


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
