"""What an answer as sent stands for.

Here: answers of coded concepts, and texts that stand for a number of a numeric one (a Glasgow
verbal response of a patient with a tube is no 1). Not here: numbers with units (measures.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS, Concept
from clinical.normalise.coding import UNTESTABLE, Codings, per_concept
from clinical.normalise.distinct import distinct, flat
from clinical.normalise.remembered import Answers, per_profile
from clinical.wire.profile import FeedProfile


@dataclass(frozen=True, slots=True)
class Answer:
    """The number and the code of an answer, or the reason why there is none.

    All None: the text says nothing, so a numeric concept keeps the number that was sent.
    """

    value: float | None = None
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The answers of the rows of `places`; `which` leads from a row to its answer."""

    places: NDArray[np.intp]
    answers: list[Answer]
    which: NDArray[np.int64]


def answered(rows: pa.Table, codings: Codings, profile: FeedProfile) -> Answered:
    """The answers of the rows whose concept is answered by text."""
    places = np.flatnonzero(codings.per_row(_by_text(profile)) == 1.0)
    if not len(places):
        return Answered(places, [], places)
    chosen = pa.array(places)
    text, number = (flat(rows[name]).take(chosen) for name in ("value_text", "value_number"))
    texts = pc.coalesce(text, pc.cast(number, pa.string())) if text.null_count else text
    pairs = distinct(pa.array(codings.which[places]), texts)
    known = _known(profile)
    decided = pairs.decide(lambda place, text: known[codings.each[place].name, text])
    return Answered(places, decided, pairs.which)


@per_profile
def _by_text(profile: FeedProfile) -> NDArray[np.float64]:
    """The concepts that are answered by text."""
    return per_concept(lambda concept: float(_is_answered(concept, profile)))


@per_profile
def _known(profile: FeedProfile) -> Answers[tuple[str | None, str | None], Answer]:
    """What the answers of a feed stand for, as far as they were sent."""
    return Answers(lambda sent: _of(*sent, profile))


def answer(concept: Concept, text: str, mapped: Mapping[str, str]) -> Answer:
    """What one answer as sent stands for.

    Args:
        concept: What was asked.
        text: The answer, or an HL7 coded element `code^text^system`.
        mapped: The feed's answers for the concept: as sent to the concept's code, or "untestable".

    Returns:
        Number and code; the reason `untestable` or, for a coded concept, `unknown_answer`.
    """
    known = {code: code for code in concept.answers} | dict(mapped)
    code = _first(known, _readings(text))
    if code == UNTESTABLE:
        return Answer(reason=UNTESTABLE)
    if code is None:
        return Answer(reason="unknown_answer" if concept.kind == "coded" else None)
    if concept.kind == "numeric":
        return Answer(float(code))
    return Answer(concept.answers[code], code)


def _readings(text: str) -> tuple[str, ...]:
    return (text, *text.split("^")[:2]) if "^" in text else (text,)


def _first(known: Mapping[str, str], readings: Iterable[str]) -> str | None:
    folded = {key.strip().casefold(): code for key, code in known.items()}
    for reading in readings:
        code = known.get(reading) or folded.get(reading.strip().casefold())
        if code:
            return code
    return None


def _is_answered(concept: Concept, profile: FeedProfile) -> bool:
    return concept.kind == "coded" or concept.name in profile.answers


def _of(concept: str | None, text: str | None, profile: FeedProfile) -> Answer:
    if concept is None or text is None:
        return Answer()
    return answer(CONCEPTS[concept], text, profile.answers.get(concept, {}))
