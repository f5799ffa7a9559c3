"""The panel of many moments at once: which readings count, over columns.

Here: readings per input with value, clinical time and the row they came from, and the derived
inputs (the columnar twin of inputs.py). Not here: bands.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS, round_half_up
from clinical.scores import SCORES
from clinical.scores.definition import Score, WindowScore
from clinical.scoring.history import History
from clinical.scoring.inputs import (
    AIR,
    GCS_FROM_PARTS,
    GCS_PARTS,
    HOURS_IN_CARE,
    OXYGEN_CONCEPTS,
    POPULATION_INPUTS,
    WORKED_OUT,
    concepts_of,
)
from clinical.scoring.memory import CONCEPT_NUMBER, LOOKBACK_BY_NUMBER, Stack
from clinical.scoring.once import Once
from clinical.scoring.validity import MICROSECONDS_PER_HOUR, SAME_MOMENT
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
NEVER = np.iinfo(np.int64).min // 2
PRECISION = np.array([concept.precision for concept in CONCEPTS.values()])


def _read_by(score: Score) -> tuple[str, ...]:
    """The inputs of which a score reads the current value, or whether it is stale."""
    if isinstance(score, WindowScore):
        return tuple(name for item in score.parameters for name in item.answers)
    return score.depends_on


def concepts_read(scores: Iterable[Score]) -> tuple[str, ...]:
    """The concepts of which scores read the current value, or whether it is stale."""
    names = (name for one in scores for name in (*_read_by(one), *POPULATION_INPUTS))
    return tuple(dict.fromkeys(concept for name in names for concept in concepts_of(name)))


# What scores rest on is read in one go: a call costs as much for one concept as for all of these.
_SCORED = concepts_read(SCORES)
# Detections read many of the others besides.
EVERYTHING = (tuple(CONCEPTS),)


@dataclass(frozen=True, slots=True)
class Readings:
    """One input at many moments. Where neither current nor stale it was never known.

    `row` is the place in the stack the value came from; `concept` the number of the concept that
    answered (below 0: it was worked out, see `number_of`). `value` is NaN where not current.
    """

    current: Bools
    stale: Bools
    value: NDArray[np.float64]
    effective: Ints
    row: Ints
    concept: Ints

    def line(self, place: int) -> "Readings":
        """One input's readings, where those of several stand under each other."""
        return Readings(
            self.current[place],
            self.stale[place],
            self.value[place],
            self.effective[place],
            self.row[place],
            self.concept[place],
        )


class Panel:
    """Readings of inputs at many moments, looked up when first asked for.

    `lookup` gives, for numbers of concepts, a line each of the rows of the stack that count.
    """

    def __init__(
        self,
        history: History,
        now: Ints,
        lookup: Callable[[Ints], Ints],
        together: Sequence[tuple[str, ...]] = (_SCORED,),
    ) -> None:
        """`together` are concepts that are all looked up as soon as one of them is asked for.

        `once` keeps what follows from the readings alone.
        """
        self.now = now
        self._together = {name: names for names in together for name in names}
        self._history = history
        self._lookup = lookup
        self.once = Once()
        self._inputs: dict[str, Readings] = {}

    def __getitem__(self, name: str) -> Readings:
        """Readings of an input."""
        if name not in self._inputs:
            self._inputs |= self._read(name)
        return self._inputs[name]

    @cached_property
    def age_in_years(self) -> Ints:
        """Completed years at each moment; meaningless where the birth date is not known."""
        birth = np.nan_to_num(self["birth_date"].value).astype(np.int64).astype("datetime64[D]")
        today = self.now.astype("datetime64[us]").astype("datetime64[D]")
        born, month = birth.astype("datetime64[M]"), today.astype("datetime64[M]")
        months = month.astype(np.int64) - born.astype(np.int64)
        years: Ints = (months - ((today - month) < (birth - born))) // 12
        return years

    def _read(self, name: str) -> dict[str, Readings]:
        if name == "oxygen":
            return {name: _oxygen([self[concept] for concept in OXYGEN_CONCEPTS])}
        if name == "gcs":
            return {name: _gcs(self["gcs_total"], [self[part] for part in GCS_PARTS])}
        if name in HOURS_IN_CARE:
            care, stay, left = (self[concept] for concept in concepts_of(name))
            return _hours_in_care(care, stay, left, self.now)
        names = self._together.get(name, (name,))
        line, found = self.once(names, lambda: self._look_up(names))
        return {name: found.line(line[name]) if name in line else self._silence(name)}

    def _look_up(self, names: tuple[str, ...]) -> tuple[dict[str, int], Readings]:
        """Readings of several concepts under each other, and the line of each.

        Most concepts nobody of a batch was ever told of: they have none.
        """
        there = [name for name in names if self._history.tells(CONCEPT_NUMBER[name])]
        number = np.array([CONCEPT_NUMBER[name] for name in there], np.int64)
        found = _readings(number, self._history.stack, self.now, self._lookup(number))
        return {name: line for line, name in enumerate(there)}, found

    def _silence(self, name: str) -> Readings:
        """Readings of a concept of which nothing is known at any moment."""
        blank = self.once("blank", lambda: _blank(len(self.now)))
        return replace(blank, concept=np.broadcast_to(CONCEPT_NUMBER[name], blank.row.shape))


def _blank(size: int) -> Readings:
    no, none = np.zeros(size, np.bool_), np.full(size, NONE)
    return Readings(no, no, np.full(size, np.nan), np.full(size, NEVER), none, none)


def concept_name(number: int, names: tuple[str, ...]) -> str:
    """Name of the concept that answered an input, or of what was worked out for it."""
    return WORKED_OUT[-2 - number] if number < 0 else names[number]


def number_of(worked_out: str) -> int:
    """The number that stands for a value that no row states."""
    return -2 - WORKED_OUT.index(worked_out)


_FROM_PARTS = number_of(GCS_FROM_PARTS)


def _readings(concept: Ints, stack: Stack, now: Ints, winner: Ints) -> Readings:
    """Readings of several concepts under each other; `winner` has a line for each."""
    lookback = LOOKBACK_BY_NUMBER[concept][:, None]
    known = winner != NONE
    effective = np.where(known, stack["effective"][winner], NEVER)
    age = np.where(known, now - effective, 0)
    current = known & (age <= lookback)
    stale = known & ~current & (age <= 2 * lookback)
    rounded = round_half_up(stack["value"][winner], PRECISION[concept][:, None])
    value = np.where(current, rounded, np.nan)
    effective = np.where(current, effective, NEVER)
    number = np.broadcast_to(concept[:, None], winner.shape)
    return Readings(current, stale, value, effective, winner, number)


def _newest(readings: list[Readings], allowed: list[Bools]) -> NDArray[np.intp]:
    """Place in the list of the newest allowed reading, the first of equals."""
    times = [
        np.where(ok, item.effective, NEVER) for item, ok in zip(readings, allowed, strict=True)
    ]
    place: NDArray[np.intp] = np.argmax(np.array(times), axis=0)
    return place


def _pick(readings: list[Readings], place: NDArray[np.intp], field: str) -> NDArray[np.int64]:
    columns = np.array([getattr(item, field) for item in readings])
    return columns[place, np.arange(columns.shape[1])]


def _oxygen(facts: list[Readings]) -> Readings:
    newest = np.max([item.effective for item in facts], axis=0)
    moment = [item.current & (newest - item.effective <= SAME_MOMENT) for item in facts]
    says = [
        near & (item.value > AIR[name])
        for name, item, near in zip(OXYGEN_CONCEPTS, facts, moment, strict=True)
    ]
    on_oxygen = np.logical_or.reduce(says)
    current = np.logical_or.reduce([item.current for item in facts])
    stale = ~current & np.logical_or.reduce([item.stale for item in facts])
    told = [np.where(on_oxygen, yes, near) for yes, near in zip(says, moment, strict=True)]
    place = _newest(facts, told)
    value = np.where(current, on_oxygen.astype(np.float64), np.nan)
    return Readings(
        current,
        stale,
        value,
        _pick(facts, place, "effective"),
        _pick(facts, place, "row"),
        _pick(facts, place, "concept"),
    )


def _gcs(total: Readings, parts: list[Readings]) -> Readings:
    times = np.array([item.effective for item in parts])
    newest, oldest = times.max(axis=0), times.min(axis=0)
    together = np.logical_and.reduce([item.current for item in parts])
    together &= newest - oldest <= SAME_MOMENT
    summed = together & (~total.current | (newest > total.effective))
    place = _newest(parts, [item.current for item in parts])
    value = np.where(summed, sum(item.value for item in parts), total.value)
    current = total.current | summed
    stale = np.logical_or.reduce([total.stale, *(item.stale for item in parts)])
    return Readings(
        current,
        ~current & stale,
        value,
        np.where(summed, newest, total.effective),
        np.where(summed, _pick(parts, place, "row"), total.row),
        np.where(summed, _FROM_PARTS, total.concept),
    )


def _hours_in_care(
    care: Readings, stay: Readings, left: Readings, now: Ints
) -> dict[str, Readings]:
    in_stay, in_care = (
        one.current & (one.effective <= now) & ~(left.current & (left.effective >= one.effective))
        for one in (stay, care)
    )
    in_care &= ~(in_stay & (care.effective < stay.effective))
    return {
        "hours_in_hospital": _hours(stay, in_stay, now - stay.effective),
        "hours_in_icu": _hours(care, in_care, now - care.effective),
        "hours_before_icu": _hours(care, in_stay & in_care, care.effective - stay.effective),
    }


def _hours(told: Readings, known: Bools, passed: Ints) -> Readings:
    hours = np.where(known, passed // MICROSECONDS_PER_HOUR, np.nan)
    return replace(told, current=known, stale=np.zeros(len(known), np.bool_), value=hours)
