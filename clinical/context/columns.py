"""When contexts hold at many moments at once: the columnar twin of reference.py.

Here: contexts at chosen moments of a batch. Not here: what speaks for a context (contexts.py),
or what it does to an alert.

A moment is paired with every row of its patient that speaks about the context: those are few, and
contexts are asked about only where something was found.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from clinical.concepts import round_half_up
from clinical.context.contexts import CONTEXTS
from clinical.context.definition import AGAINST, FOR, SILENT, AgeContext, Context, Evidence, horizon
from clinical.scoring.engine import Moments
from clinical.scoring.history import History
from clinical.scoring.memory import CONCEPT_NAMES, IS_EVENT
from clinical.scoring.panel import PRECISION
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_NEVER = np.iinfo(np.int64).min // 2
_DAY = 86_400_000_000
_HORIZON = np.array([horizon(name) for name in CONCEPT_NAMES], np.int64)
_NOTHING: Ints = np.empty(0, np.int64)
# The contexts that words tell of, by number.
_TOLD = [one for one in CONTEXTS.values() if isinstance(one, Context)]
_NUMBER = {one.name: number for number, one in enumerate(_TOLD)}
_WINDOW = np.array([one.window for one in _TOLD], np.int64)


class _Voice(NamedTuple):
    """How a concept speaks about a context, by the context's number."""

    context: int
    evidence: Evidence


_VOICES = [[_Voice(number, each) for each in one.evidence] for number, one in enumerate(_TOLD)]


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
    [found] = validities([(name, at)], moments)
    return found


def validities(asked: Sequence[tuple[str, Ints]], moments: Moments) -> list[Validity]:
    """Several contexts, each at moments of its own: small batches cost calls, not rows."""
    spoken = [(_NUMBER[name], at) for name, at in asked if name in _NUMBER]
    found = iter(_spoken_of(spoken, moments) if spoken else ())
    return [
        next(found) if name in _NUMBER else _by_age(cast("AgeContext", CONTEXTS[name]), moments, at)
        for name, at in asked
    ]


def _spoken_of(asked: Sequence[tuple[int, Ints]], moments: Moments) -> Iterator[Validity]:
    """Contexts by number, told by words."""
    sizes = [len(at) for _, at in asked]
    # Several families ask about one context at one moment.
    size = len(moments.now)
    wanted = np.concatenate([number * size + at for number, at in asked])
    distinct, place = np.unique(wanted, return_inverse=True)
    context, at = distinct // size, distinct % size
    history = moments.timeline.history
    numbers = tuple(dict.fromkeys(number for number, _ in asked))
    words = history.once(("words", numbers), lambda: _words(history, numbers))
    found = _newest(words, _known(words, moments, context, at), moments.now[at], context)
    for first, many in zip(accumulate(sizes, initial=0), sizes, strict=False):
        mine = place[first : first + many]
        yield Validity(found.holds[mine], found.since[mine], found.row[mine])


class _Words(NamedTuple):
    """Rows that speak about contexts, and what each says.

    They stand by context and patient (`line`), time, who yields, and arrival.
    """

    row: Ints
    line: Ints
    effective: Ints
    gone: Ints
    says: NDArray[np.int8]
    concept: Ints


class _Pairs(NamedTuple):
    """A moment asked (place in `at`) and a word that counts there; by moment, then as the words."""

    asked: Ints
    word: Ints


def _words(history: History, contexts: tuple[int, ...]) -> _Words:
    """The words about some contexts of all patients of a batch."""
    voices = [one for number in contexts for one in _VOICES[number]]
    told = {name: history.rows(name) for name in {one.evidence.concept: 0 for one in voices}}
    there = [name for name, rows in told.items() if len(rows)]
    if not there:
        return _Words(_NOTHING, _NOTHING, _NOTHING, _NOTHING, np.empty(0, np.int8), _NOTHING)
    row = np.concatenate([told[name] for name in there])
    ends = [*accumulate((len(told[name]) for name in there), initial=0)]
    place = {name: slice(*ends[at : at + 2]) for at, name in enumerate(there)}
    number = history.stack["concept"][row].astype(np.int64)
    value = round_half_up(history.stack["value"][row], PRECISION[number])
    voices = [one for one in voices if one.evidence.concept in place]
    each = [place[one.evidence.concept] for one in voices]
    says = np.concatenate(
        [one.evidence.say(value[mine]) for one, mine in zip(voices, each, strict=True)]
    )
    lengths = [mine.stop - mine.start for mine in each]
    context = np.repeat(np.array([one.context for one in voices]), lengths)
    stays = np.repeat(np.array([not one.evidence.yields for one in voices]), lengths)
    row, number = (np.concatenate([whole[mine] for mine in each]) for whole in (row, number))
    heard = np.flatnonzero(says != SILENT)
    row, line = row[heard], context[heard] * history.owners + history.owner[row[heard]]
    effective = history.effective[row]
    order = np.lexsort((row, stays[heard], effective, line))
    row, heard = row[order], heard[order]
    return _Words(row, line[order], effective[order], history.gone(row), says[heard], number[heard])


def _known(words: _Words, moments: Moments, context: Ints, at: Ints) -> _Pairs:
    """The words that are known and count at each moment asked."""
    points = moments.timeline.points
    line = context * moments.timeline.history.owners + points.owner[at]
    known, now = points.known[at], moments.now[at]
    first = words.line.searchsorted(line)
    many = words.line.searchsorted(line, side="right") - first
    asked = np.repeat(np.arange(len(at)), many)
    within = np.arange(len(asked)) - np.repeat(np.cumsum(many) - many, many)
    word = np.repeat(first, many) + within
    concept, age = words.concept[word], now[asked] - words.effective[word]
    counts = (words.row[word] <= known[asked]) & (words.gone[word] > known[asked])
    counts &= age <= _HORIZON[concept]
    counts &= (age >= 0) | ~IS_EVENT[concept]
    return _Pairs(asked[counts], word[counts])


def _newest(words: _Words, pairs: _Pairs, now: Ints, context: Ints) -> Validity:
    """What the newest word of each moment says, and where its unbroken row begins."""
    effective, says = words.effective[pairs.word], words.says[pairs.word]
    window = _WINDOW[context]
    opens = np.ones(len(pairs.asked), np.bool_)
    opens[1:] = pairs.asked[1:] != pairs.asked[:-1]
    last = np.append(opens[1:], True)[: len(opens)]
    opens[1:] |= (says[:-1] == AGAINST) | (np.diff(effective) > window[pairs.asked[1:]])
    begin = np.maximum.accumulate(np.where(opens, np.arange(len(opens)), 0))
    asked, newest = pairs.asked[last], np.flatnonzero(last)
    holds = (says[newest] == FOR) & (now[asked] - effective[newest] <= window[asked])
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
