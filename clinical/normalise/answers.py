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

from clinical.concepts import Concept
from clinical.normalise.coding import UNTESTABLE, Codings
from clinical.normalise.distinct import distinct, flat
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
    by_text = codings.per_row(lambda concept: float(_is_answered(concept, profile)))
    places = np.flatnonzero(by_text == 1.0)
    told = rows.select(["value_text", "value_number"]).take(pa.array(places))
    number = pc.cast(flat(told["value_number"]), pa.string())
    texts = pc.coalesce(flat(told["value_text"]), number)
    pairs = distinct(pa.array(codings.which[places]), texts)
    decided = pairs.decide(lambda place, text: _of(codings.each[place].concept, text, profile))
    return Answered(places, decided, pairs.which)


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


def _of(concept: Concept | None, text: str | None, profile: FeedProfile) -> Answer:
    if concept is None or text is None:
        return Answer()
    return answer(concept, text, profile.answers.get(concept.name, {}))
