"""The value of every observation, and why it may not be scored.

Here: the reasons and their order, times, statuses and plausibility. Not here: what a code, a unit
or an answer stands for (coding.py, units.py, answers.py), or the arithmetic (measures.py).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.concepts.statuses import REGISTERED, RETRACTED, WRONG_PATIENT
from clinical.normalise.answers import Answered, answered
from clinical.normalise.coding import Codings, per_concept
from clinical.normalise.distinct import distinct, flat, microseconds, valid
from clinical.normalise.measures import measures
from clinical.wire.profile import FeedProfile

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MINUTE_US = 60 * 1_000_000

# Why a row is not scored. Where several apply, the first of this order is stored.
REASONS = (
    WRONG_PATIENT,
    "retracted",
    "unmapped_code",
    "unscored_code",
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
_NAMES = pa.array([None, *REASONS], pa.string())
_PLACES = {name: place for place, name in enumerate(REASONS, 1)}


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
        if not rows.any():  # in a small batch the common case, and looking costs least
            return
        place = _PLACES[name]
        self.number[rows & ((self.number == 0) | (self.number > place))] = place

    def names(self) -> pa.Array:
        if not self.number.any():
            return pa.nulls(len(self.number), pa.string())
        return _NAMES.take(pa.array(self.number))


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
    unscored = codings.unscored()
    reasons.mark(codings.of_kind(None) & ~unscored, "unmapped_code")
    reasons.mark(unscored, "unscored_code")
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
    told = numbers[found.which]
    value[found.places] = np.where(np.isfinite(told), told, value[found.places])
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
    effective_at, flagged = flat(rows["effective_at"]), flat(rows["time_flag"])
    there = valid(effective_at)
    learnt = microseconds(received_at)[flat(rows["message"]).to_numpy()]
    ahead = round(ahead_minutes * MINUTE_US)
    reasons.mark(there & (microseconds(effective_at) - learnt > ahead), "future")
    bad = ~there if flagged.null_count == len(flagged) else ~there | valid(flagged)
    reasons.mark(bad, "bad_time")


def _mark_statuses(reasons: _Reasons, rows: pa.Table, codings: Codings) -> None:
    """Registered is a result still to come: what its row says is not a value."""
    status = distinct(flat(rows["status"]))
    reasons.mark(status.are(frozenset({WRONG_PATIENT})), WRONG_PATIENT)
    reasons.mark(status.are(RETRACTED), "retracted")
    reasons.mark(status.are(frozenset({REGISTERED})), "no_value")
    length = pc.binary_length(flat(rows["value_text"]))
    wordless = (length.fill_null(0) if length.null_count else length).to_numpy() == 0
    silent = wordless & ~valid(flat(rows["value_number"]))
    reasons.mark(silent & ~codings.of_kind("event"), "no_value")


def _mark_implausible(reasons: _Reasons, value: Floats, codings: Codings) -> None:
    low, high = codings.per_row(_LOW), codings.per_row(_HIGH)
    reasons.mark((value < low) | (value > high), "implausible")


def _or(bound: float | None, otherwise: float) -> float:
    return otherwise if bound is None else bound


_LOW = per_concept(lambda concept: _or(concept.plausible_low, -np.inf))
_HIGH = per_concept(lambda concept: _or(concept.plausible_high, np.inf))


def _answer_codes(found: Answered, length: int) -> pa.Array:
    if not found.answers:
        return pa.nulls(length, pa.string())
    codes = pa.array([item.code for item in found.answers], pa.string())
    place = np.zeros(length, dtype=np.int64)
    place[found.places] = found.which + 1
    return codes.take(pa.array(place - 1, mask=place == 0))
