"""When a context holds: the law in plain Python, for reading and for checking the columns.

Here: one patient, one context, one moment. Not here: speed (columns.py), or whom it concerns.

What counts is what is known at the moment: facts that have arrived and were not withdrawn or
replaced since. An event that is dated ahead of the patient's clock has not happened yet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from clinical.concepts import CONCEPTS, round_value
from clinical.context.definition import (
    AGAINST,
    FOR,
    SILENT,
    AgeContext,
    AnyContext,
    Context,
    Evidence,
    horizon,
)
from clinical.scoring.assessment import age_in_years
from clinical.scoring.reference import Signal

_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Holding:
    """A context that holds: since when (microseconds, UTC), and the row it rests on as known."""

    since: int
    source: tuple[str, int, int, int]


def holding(context: AnyContext, known: Iterable[Signal], now: int) -> Holding | None:
    """Whether a context holds at `now`, given the facts known of the patient.

    Args:
        context: The context.
        known: The latest version of each fact of the patient; withdrawn ones are not among them.
        now: The patient's clock, microseconds, UTC.
    """
    if isinstance(context, AgeContext):
        return _by_age(context, known, now)
    words = _words(context, known, now)
    if not words:
        return None
    newest, says = words[-1]
    if says != FOR or now - newest.effective_at > context.window:
        return None
    return Holding(_since(words, context.window), newest.source)


def _words(context: Context, known: Iterable[Signal], now: int) -> list[tuple[Signal, int]]:
    """What was said for or against, in clinical order; ties by who yields, then by arrival."""
    evidence = {one.concept: one for one in context.evidence}
    said = [
        (signal, _says(evidence[signal.concept], signal.value))
        for signal in known
        if signal.concept in evidence and _counts(signal, now)
    ]
    spoken = [(signal, says) for signal, says in said if says != SILENT]

    def order(word: tuple[Signal, int]) -> tuple[int, bool, int]:
        signal, _ = word
        return signal.effective_at, not evidence[signal.concept].yields, signal.arrival

    return sorted(spoken, key=order)


def _counts(signal: Signal, now: int) -> bool:
    if CONCEPTS[signal.concept].kind == "event" and signal.effective_at > now:
        return False
    return now - signal.effective_at <= horizon(signal.concept)


def _says(evidence: Evidence, value: float) -> int:
    if evidence.ends:
        return AGAINST
    rounded = round_value(value, CONCEPTS[evidence.concept].precision)
    speaks = evidence.low <= rounded <= evidence.high
    if evidence.values:
        speaks = rounded in evidence.values
    return FOR if speaks else SILENT if evidence.silent else AGAINST


def _since(words: list[tuple[Signal, int]], window: int) -> int:
    """Begin of the unbroken row of words for it that ends with the newest."""
    since = words[0][0].effective_at
    for (before, said), (after, _) in pairwise(words):
        if said == AGAINST or after.effective_at - before.effective_at > window:
            since = after.effective_at
    return since


def _by_age(context: AgeContext, known: Iterable[Signal], now: int) -> Holding | None:
    births = [signal for signal in known if signal.concept == "birth_date"]
    if not births:
        return None
    newest = max(births, key=lambda one: (one.effective_at, one.arrival))
    if age_in_years(newest.value, now) >= context.below_age:
        return None
    return Holding(round(newest.value) * _DAY, newest.source)
