"""Codes of FHIR: which coding of several speaks.

Here: choosing among codings, codes of answers. Not here: what a code means (clinical/normalise), or
statuses (clinical/concepts/statuses.py).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from clinical.wire.fhir.resources import CodeableConcept, Coding

LOINC = "http://loinc.org"


class Code(NamedTuple):
    """A code as sent, and the next best coding of the same thing."""

    code: str | None
    system: str | None
    text: str | None
    alternate_code: str | None
    alternate_system: str | None


NO_CODE = Code(None, None, None, None, None)
_NO_CODING = Coding()
# One concept, or a list of them.
_CONCEPT = msgspec.json.Decoder(CodeableConcept | list[CodeableConcept | None] | None)

_CODING = msgspec.json.Decoder(Coding | None)

# Longer concepts are not remembered: memory stays bounded whatever a sender puts in them.
_REMEMBERED_BYTES = 2048


def code_of(text: bytes) -> Code | None:
    """The code in the JSON of a CodeableConcept; None where it has another shape."""
    return _remembered(text) if len(text) <= _REMEMBERED_BYTES else _read(text)


def answer_of(text: bytes) -> tuple[str | None] | None:
    """What the JSON of a CodeableConcept, or of the first of a list, says as one text.

    None where it has another shape.
    """
    return _remembered_answer(text) if len(text) <= _REMEMBERED_BYTES else _read_answer(text)


@lru_cache(maxsize=4096)
def coding_of(text: bytes) -> tuple[str | None] | None:
    """The code in the JSON of a Coding; None where it has another shape or no code."""
    try:
        coding = _CODING.decode(text or b"null")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return (coding.code,) if coding is not None and coding.code else None


def _concept(text: bytes) -> CodeableConcept | None:
    read = _CONCEPT.decode(text or b"null")
    return next(filter(None, read), None) if isinstance(read, list) else read


def _read(text: bytes) -> Code | None:
    try:
        return pick(_concept(text))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _read_answer(text: bytes) -> tuple[str | None] | None:
    try:
        return (answer(_concept(text)),)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


_remembered = lru_cache(maxsize=4096)(_read)
_remembered_answer = lru_cache(maxsize=4096)(_read_answer)


def pick(concept: CodeableConcept | None) -> Code:
    """The LOINC coding if there is one, else the first; the next one stands as the alternate."""
    if concept is None:
        return NO_CODE
    codings = [coding for coding in concept.coding or () if coding.code]
    if not codings:
        return Code(None, None, concept.text or _display(concept), None, None)
    if len(codings) > 1:
        codings.sort(key=_not_loinc)
    first, second = codings[0], codings[1] if len(codings) > 1 else _NO_CODING
    return Code(first.code, first.system, concept.text or first.display, second.code, second.system)


def answer(concept: CodeableConcept | None) -> str | None:
    """An answer as one text: its code where it has one, else its words."""
    if concept is None:
        return None
    for coding in concept.coding or ():
        if coding.code:
            return coding.code
    return concept.text or _display(concept)


def has_code(concept: CodeableConcept | None, codes: Sequence[str] | frozenset[str]) -> bool:
    """Whether a concept is said with one of these codes, in whichever system."""
    return concept is not None and any(coding.code in codes for coding in concept.coding or ())


def _not_loinc(coding: Coding) -> bool:
    return coding.system != LOINC


def _display(concept: CodeableConcept) -> str | None:
    return next((coding.display for coding in concept.coding or () if coding.display), None)
