"""The value of every observation, and why it may not be scored.

Here: the reasons and their order, times, statuses and plausibility. Not here: what a code, a unit
or an answer stands for (coding.py, units.py, answers.py), or the arithmetic (measures.py).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.normalise.answers import Answered, answered
from clinical.normalise.coding import Codings
from clinical.normalise.distinct import flags, flat
from clinical.normalise.measures import measures
from clinical.wire.profile import FeedProfile

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MINUTE_US = 60 * 1_000_000
RETRACTED = ("entered_in_error", "cancelled")

# Why a row is not scored. Where several apply, the first of this order is stored.
REASONS = (
    "retracted",
    "unmapped_code",
    "no_value",
    "bad_time",
    "future",
    "untestable",
    "unknown_answer",
    "not_a_number",
    "missing_unit",
    "unknown_unit",
    "implausible",
)


@dataclass(frozen=True, slots=True)
class Values:
    """Value, answer code and reason of every row."""

    value: pa.Array
    value_code: pa.Array
    reason: pa.Array


@dataclass(frozen=True, slots=True)
class _Reasons:
    """One more than the place in REASONS, per row; 0 for none."""

    number: NDArray[np.int8]

    def mark(self, rows: Flags, name: str) -> None:
        place = REASONS.index(name) + 1
        self.number[rows & ((self.number == 0) | (self.number > place))] = place

    def names(self) -> pa.Array:
        names = pa.array(REASONS, pa.string())
        return names.take(pa.array(self.number - 1, mask=self.number == 0))


def values(rows: pa.Table, received_at: pa.Array, codings: Codings, profile: FeedProfile) -> Values:
    """The canonical value of each observation, or the reason why it has none.

    An event, a culture reported by LOINC code say, has the value 1: it took place.

    Args:
        rows: Observations as decoded.
        received_at: When each message of the batch reached us.
        codings: What the codes of the rows stand for.
        profile: The feed, for its unit spellings and answers.
    """
    reasons = _Reasons(np.zeros(len(rows), dtype=np.int8))
    value = np.where(codings.of_kind("event"), 1.0, np.nan)
    answers = answered(rows, codings, profile)
    settled = _answers(value, reasons, answers)
    found = measures(rows, codings, profile)
    numeric = codings.of_kind("numeric") & ~settled
    value[numeric] = found.value[numeric]
    for reason, applies in found.reasons.items():
        reasons.mark(numeric & applies, reason)
    reasons.mark(codings.of_kind(None), "unmapped_code")
    _mark_times(reasons, rows, received_at, profile.ahead_minutes)
    _mark_statuses(reasons, rows, codings)
    _mark_implausible(reasons, value, codings)
    nullable = pa.array(value, mask=~np.isfinite(value))
    return Values(nullable, _answer_codes(answers, len(rows)), reasons.names())


def _answers(value: Floats, reasons: _Reasons, found: Answered) -> Flags:
    """Fill in the answers; True for the rows that are settled, so that their number is not read."""
    settled = np.zeros(len(value), dtype=bool)
    if not found.answers:
        return settled
    numbers = np.array([np.nan if item.value is None else item.value for item in found.answers])
    value[found.places] = numbers[found.which]
    settled[found.places] = np.isfinite(numbers)[found.which]
    for reason in ("untestable", "unknown_answer"):
        same = np.array([item.reason == reason for item in found.answers])[found.which]
        marked = np.zeros(len(value), dtype=bool)
        marked[found.places] = same
        reasons.mark(marked, reason)
        settled |= marked
    return settled


def _mark_times(
    reasons: _Reasons, rows: pa.Table, received_at: pa.Array, ahead_minutes: float
) -> None:
    at = pc.cast(flat(rows["effective_at"]), pa.int64())
    ahead = round(ahead_minutes * MINUTE_US)
    learnt = pc.cast(received_at, pa.int64()).take(flat(rows["message"]))
    reasons.mark(flags(pc.greater(pc.subtract(at, learnt), ahead)), "future")
    reasons.mark(flags(pc.or_(pc.is_valid(flat(rows["time_flag"])), pc.is_null(at))), "bad_time")


def _mark_statuses(reasons: _Reasons, rows: pa.Table, codings: Codings) -> None:
    """Registered is a result still to come: what its row says is not a value."""
    status = flat(rows["status"])
    reasons.mark(flags(pc.is_in(status, pa.array(RETRACTED))), "retracted")
    reasons.mark(flags(pc.equal(status, "registered")), "no_value")
    text, number = flat(rows["value_text"]), flat(rows["value_number"])
    wordless = pc.or_kleene(pc.is_null(text), pc.equal(text, ""))
    silent = flags(pc.and_(wordless, pc.is_null(number)))
    reasons.mark(silent & ~codings.of_kind("event"), "no_value")


def _mark_implausible(reasons: _Reasons, value: Floats, codings: Codings) -> None:
    low = codings.per_row(lambda concept: _or(concept.plausible_low, -np.inf))
    high = codings.per_row(lambda concept: _or(concept.plausible_high, np.inf))
    reasons.mark((value < low) | (value > high), "implausible")


def _or(bound: float | None, otherwise: float) -> float:
    return otherwise if bound is None else bound


def _answer_codes(found: Answered, length: int) -> pa.Array:
    codes = pa.array([item.code for item in found.answers], pa.string())
    place = np.zeros(length, dtype=np.int64)
    place[found.places] = found.which + 1
    return codes.take(pa.array(place - 1, mask=place == 0))
