"""When contexts hold at many moments at once: the columnar twin of reference.py.

Here: one context at chosen moments of a batch. Not here: what speaks for a context (contexts.py),
or what it does to an alert.

A moment is paired with every row of its patient that speaks about the context: those are few, and
contexts are asked about only where something was found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinical.context.contexts import CONTEXTS
from clinical.context.definition import AGAINST, FOR, SILENT, AgeContext, Context, Evidence, horizon
from clinical.scoring.engine import Moments
from clinical.scoring.history import History
from clinical.scoring.memory import CONCEPT_NAMES, CONCEPT_NUMBER, IS_EVENT
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_NEVER = np.iinfo(np.int64).min // 2
_DAY = 86_400_000_000
_HORIZON = np.array([horizon(name) for name in CONCEPT_NAMES], np.int64)


@dataclass(frozen=True, slots=True)
class Validity:
    """One context at the moments asked: whether it holds, since when, and the row it rests on.

    Where it does not hold, `since` is far in the past and `row` is NONE. `row` is a place in the
    stack of the moments.
    """

    holds: Bools
    since: Ints
    row: Ints


def validity(name: str, moments: Moments, at: Ints) -> Validity:
    """One context at some of the moments (places), as known at each."""
    context = CONTEXTS[name]
    if isinstance(context, AgeContext):
        return _by_age(context, moments, at)
    history = moments.timeline.history
    words = history.once(("words", name), lambda: _words(context, history))
    if not len(words.row):
        return Validity(
            np.zeros(len(at), np.bool_), np.full(len(at), _NEVER), np.full(len(at), NONE)
        )
    return _newest(context, words, _known(words, moments, at), moments.now[at])


class _Words(NamedTuple):
    """Rows that speak about a context, by patient, time, who yields and arrival; what each says."""

    row: Ints
    owner: Ints
    effective: Ints
    gone: Ints
    says: NDArray[np.int8]
    concept: Ints


class _Pairs(NamedTuple):
    """A moment asked (place in `at`) and a word that counts there; by moment, then as the words."""

    asked: Ints
    word: Ints


def _words(context: Context, history: History) -> _Words:
    """The words about all patients of a batch."""
    row = history.rows(*context.concepts)
    stack = history.stack[row]
    concept = stack["concept"].astype(np.int64)
    says, stays = np.full(len(row), SILENT, np.int8), np.ones(len(row), np.bool_)
    for number, evidence in _by_number(context.name).items():
        mine = concept == number
        says[mine], stays[mine] = evidence.say(stack["value"][mine]), not evidence.yields
    order = np.lexsort((row, stays, stack["effective"], history.owner[row]))
    order = order[says[order] != SILENT]
    row = row[order]
    return _Words(
        row,
        history.owner[row],
        stack["effective"][order],
        history.gone(row),
        says[order],
        concept[order],
    )


@cache
def _by_number(name: str) -> Mapping[int, Evidence]:
    context = CONTEXTS[name]
    evidence = () if isinstance(context, AgeContext) else context.evidence
    return {CONCEPT_NUMBER[one.concept]: one for one in evidence}


def _known(words: _Words, moments: Moments, at: Ints) -> _Pairs:
    """The words that are known and count at each moment asked."""
    points = moments.timeline.points
    owner, known, now = points.owner[at], points.known[at], points.now[at]
    first = np.searchsorted(words.owner, owner)
    many = np.searchsorted(words.owner, owner, side="right") - first
    asked = np.repeat(np.arange(len(at)), many)
    within = np.arange(len(asked)) - np.repeat(np.cumsum(many) - many, many)
    word = np.repeat(first, many) + within
    age = now[asked] - words.effective[word]
    counts = (words.row[word] <= known[asked]) & (words.gone[word] > known[asked])
    counts &= age <= _HORIZON[words.concept[word]]
    counts &= (age >= 0) | ~IS_EVENT[words.concept[word]]
    return _Pairs(asked[counts], word[counts])


def _newest(context: Context, words: _Words, pairs: _Pairs, now: Ints) -> Validity:
    """What the newest word of each moment says, and where its unbroken row begins."""
    effective, says = words.effective[pairs.word], words.says[pairs.word]
    opens = np.ones(len(pairs.asked), np.bool_)
    opens[1:] = pairs.asked[1:] != pairs.asked[:-1]
    last = np.append(opens[1:], True)[: len(opens)]
    opens[1:] |= (says[:-1] == AGAINST) | (np.diff(effective) > context.window)
    begin = np.maximum.accumulate(np.where(opens, np.arange(len(opens)), 0))
    asked, newest = pairs.asked[last], np.flatnonzero(last)
    holds = (says[newest] == FOR) & (now[asked] - effective[newest] <= context.window)
    asked, newest = asked[holds], newest[holds]
    found = Validity(
        np.zeros(len(now), np.bool_), np.full(len(now), _NEVER), np.full(len(now), NONE)
    )
    found.holds[asked] = True
    found.since[asked] = effective[begin[newest]]
    found.row[asked] = words.row[pairs.word[newest]]
    return found


def _by_age(context: AgeContext, moments: Moments, at: Ints) -> Validity:
    birth = moments.panel["birth_date"]
    holds = birth.current[at] & (moments.panel.age_in_years[at] < context.below_age)
    born = np.nan_to_num(birth.value[at]).astype(np.int64) * _DAY
    since, row = np.where(holds, born, _NEVER), np.where(holds, birth.row[at], NONE)
    return Validity(holds, since, row)
