"""What holds of a patient by coded diagnoses, procedures and flags.

Here: their signals: when a condition began and ended, and which statuses count. Not here: which
code stands for what (clinical/concepts/context_codes.py; flags.py and procedures.py where the
feed's own map goes first), or what a condition changes for a score or an alert (clinical/context).

HL7 v2 gives a diagnosis no status, no beginning and no end: it is dated by when it was told, often
at discharge, when the stay is coded, and nothing takes it back.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS
from clinical.concepts.context_codes import CONTEXT_CODES, stands_for
from clinical.normalise.distinct import distinct, flat, microseconds, valid
from clinical.normalise.signal_rows import UTC, as_signals, identity, of_concept, only, texts_of

# What the signals of a table of diagnoses are made of.
READ = (
    *("code", "code_system", "documented_at", "diagnosis_id", "status", "onset_at", "ended_at"),
)
_PERFORMED = ("concept", "procedure_id", "code", "status", "started_at", "documented_at")
_FLAGGED = ("concept", "value_code", "flag_id", "code", "status", "ended_at", "documented_at")

# Not said, or not with certainty: what was said under the same number no longer stands.
UNSAID = frozenset({"refuted", "entered_in_error", "unconfirmed", "provisional", "differential"})
OVER = frozenset({"resolved", "inactive", "remission"})
# A procedure that was begun counts, also where it was broken off.
PERFORMED = frozenset({None, "in_progress", "on_hold", "stopped", "completed"})
STANDING = frozenset({"active"})
# Forty-two weeks: a pregnancy that nobody confirms is over by then. [P]
PREGNANCY_HOURS = 42 * 7 * 24
_PREGNANCY_US = PREGNANCY_HOURS * 3600 * 1_000_000
# A word on limits of treatment holds from when it was given: its look-back is a week. [P]
_BY_WORD = frozenset({"code_status"})
# What holds once the condition is over, where that is an answer of its own.
_AFTERWARDS = {"pregnancy": "no"}
_MEANT = dict.fromkeys(
    (row.concept, row.answer) for row in CONTEXT_CODES if row.kind == "diagnosis"
)
# The concepts that diagnoses tell.
CONDITIONS = frozenset(concept for concept, _ in _MEANT)

Flags = NDArray[np.bool_]


def condition_signals(rows: pa.Table) -> list[pa.Table]:
    """The signals of a table of diagnoses."""
    if not len(rows):
        return []
    codes = distinct(flat(rows["code_system"]), flat(rows["code"]))
    told = [_meant(*key) for key in codes.keys]
    found = []
    for concept, answer in _MEANT:
        mine = np.array([(concept, answer) in meant for meant in told])[codes.which]
        if mine.any():
            found += _condition(of_concept(only(rows, mine, READ), concept), concept, answer)
    return found


def procedure_signals(rows: pa.Table) -> list[pa.Table]:
    """The signals of a table of procedures: that they took place, dated by their beginning."""
    named = valid(flat(rows["concept"])) if len(rows) else np.zeros(0, np.bool_)
    if not named.any():
        return []
    rows = only(rows, named, _PERFORMED)
    rows = _dated(rows, pc.coalesce(flat(rows["started_at"]), flat(rows["documented_at"])))
    void = ~distinct(flat(rows["status"])).are(PERFORMED)
    return [as_signals(rows, "at", _numbers(rows, 1.0), pa.array(void), _whose(rows, "procedure"))]


def flag_signals(rows: pa.Table) -> list[pa.Table]:
    """The signals of a table of flags and consents: what holds from when it was told."""
    if not len(rows) or flat(rows["concept"]).null_count == len(rows):
        return []
    told = distinct(flat(rows["concept"]), flat(rows["value_code"]))
    numbers = np.array(told.decide(_answer))[told.which]
    rows = only(rows, np.isfinite(numbers), _FLAGGED)
    ended = valid(flat(rows["ended_at"])) & (_at(rows, "ended_at") <= _at(rows, "documented_at"))
    void = ended | ~distinct(flat(rows["status"])).are(STANDING)
    value = pa.array(numbers[np.isfinite(numbers)])
    return [as_signals(rows, "documented_at", value, pa.array(void), _whose(rows, "flag"))]


def _meant(system: str | None, code: str | None) -> frozenset[tuple[str, str | None]]:
    return frozenset((row.concept, row.answer) for row in stands_for("diagnosis", system, code))


def _answer(concept: str | None, answer: str | None) -> float:
    if concept is None or concept not in CONCEPTS or answer is None:
        return np.nan
    return CONCEPTS[concept].answers.get(answer, np.nan)


def _condition(rows: pa.Table, concept: str, answer: str | None) -> list[pa.Table]:
    """That a condition holds from its beginning, and no longer from its end.

    Where the concept has no answer for that, its end takes back that it counted.
    """
    status = distinct(flat(rows["status"]))
    unsaid = status.are(UNSAID)
    over = status.are(OVER) | valid(flat(rows["ended_at"]))
    began = _dated(rows, _beginning(rows, concept))
    holds = 1.0 if answer is None else CONCEPTS[concept].answers[answer]
    if concept not in _AFTERWARDS:
        return [_as(began, holds, unsaid | over, concept)]
    ended = _dated(rows, pc.coalesce(flat(rows["ended_at"]), flat(rows["documented_at"])))
    after = CONCEPTS[concept].answers[_AFTERWARDS[concept]]
    recent = _at(began, "documented_at") - _at(began, "at") <= _PREGNANCY_US
    return [
        _as(began.filter(pa.array(recent)), holds, unsaid[recent], concept),
        _as(ended.filter(pa.array(over)), after, unsaid[over], f"{concept}-end"),
    ]


def _beginning(rows: pa.Table, concept: str) -> pa.Array:
    """When it began, where that is told and does not lie after the word of it."""
    told = flat(rows["documented_at"])
    onset = flat(rows["onset_at"])
    if concept in _BY_WORD or onset.null_count == len(onset):
        return told
    known = pc.less_equal(onset, pc.coalesce(told, onset)).fill_null(False)
    return pc.if_else(known, onset, told)


def _as(rows: pa.Table, value: float, void: Flags, prefix: str) -> pa.Table:
    return as_signals(rows, "at", _numbers(rows, value), pa.array(void), _whose(rows, prefix))


def _whose(rows: pa.Table, prefix: str) -> pa.Array:
    """The identity of what was told: the sender's own number of it, else its code."""
    number = next(name for name in _NUMBERS if name in rows.column_names)
    own, code = texts_of(rows, number, "code")
    which = pc.if_else(pc.equal(own, ""), code, own)
    return identity(f"{prefix}:", *texts_of(rows, "facility", "patient_id"), which)


_NUMBERS = ("diagnosis_id", "procedure_id", "flag_id")


def _dated(rows: pa.Table, at: pa.Array) -> pa.Table:
    return rows.append_column("at", at.cast(UTC))


def _at(rows: pa.Table, name: str) -> NDArray[np.int64]:
    return microseconds(flat(rows[name]))


def _numbers(rows: pa.Table, value: float) -> pa.Array:
    return pa.array(np.full(len(rows), value))
