"""When the rates of one infusion count: after it has run long enough, until the next rate.

Here: one drug of one patient as its rates become known, in any order; rare enough for plain Python.
Not here: what a rate is worth (sofa_infusions.py).

A rate runs until the next one, or for `lasts` where none is told. Rates above 0 without a break are
one run; each counts from its time on, but not before the run is `least` old, and only in runs that
get so old.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

# Clinical time, rate, number: of one time the highest rate stands, then the latest told.
Key = tuple[int, float, int]
# Clinical times between which a rate counts, and the arrival since which that is known.
Held = dict[int, tuple[int, int, int]]
_LAST = float("inf")


class Rate(NamedTuple):
    """A rate from a clinical time on, known from arrival `learnt` until `gone`.

    Numbers rise with arrivals.
    """

    number: int
    at: int
    value: float
    learnt: int
    gone: int


class Counted(NamedTuple):
    """A stretch of clinical time in which a rate counts, and for which arrivals that is known."""

    number: int
    begins: int
    ends: int
    learnt: int
    gone: int


@dataclass(frozen=True, slots=True)
class Runs:
    """How long an infusion must run before it counts, and how long it lasts untold."""

    least: int
    lasts: int

    def fold(self, rates: Sequence[Rate], never: int) -> Iterator[Counted]:
        """All stretches of one infusion, as each version of what was known told them."""
        keys: list[Key] = []
        held: Held = {}
        for place, changes in groupby(_changes(rates, never), key=lambda change: change[0]):
            times = []
            for _, is_new, rate in changes:
                key = (rate.at, rate.value, rate.number)
                if is_new:
                    insort(keys, key)
                else:
                    del keys[bisect_left(keys, key)]
                    if rate.number in held:
                        yield Counted(rate.number, *held.pop(rate.number), place)
                times.append(rate.at)
            yield from self._look_again(keys, held, place, (min(times), max(times)))
        for number, stretch in held.items():
            yield Counted(number, *stretch, never)

    def _look_again(
        self, keys: list[Key], held: Held, place: int, times: tuple[int, int]
    ) -> Iterator[Counted]:
        """Stretches that a change at these clinical times brought to an end; others begin."""
        for at in range(*self._near(keys, *times)):
            number, found = keys[at][2], self._stretch(keys, at)
            old = held.get(number)
            if old is not None and old[:2] == found:
                continue
            if old is not None:
                yield Counted(number, *held.pop(number), place)
            if found is not None:
                held[number] = (*found, place)

    def _near(self, keys: list[Key], first: int, last: int) -> tuple[int, int]:
        """The rates that a change may touch: neighbours, and what stands within `least` of them."""
        before = bisect_left(keys, (first, -_LAST, 0)) - 1
        after = bisect_right(keys, (last, _LAST, 0))
        low = keys[before][0] if before >= 0 else first
        high = keys[after][0] if after < len(keys) else last
        return (
            bisect_left(keys, (low - self.least, -_LAST, 0)),
            bisect_right(keys, (high + self.least, _LAST, 0)),
        )

    def _stretch(self, keys: list[Key], at: int) -> tuple[int, int] | None:
        """From when until when the rate at a place counts, if it does."""
        began, ends = keys[at][0], self._end(keys, at)
        if keys[at][1] <= 0 or ends <= began:
            return None
        start = self._start(keys, at)
        until = ends
        while until - start < self.least:
            at = bisect_right(keys, (until, _LAST, 0)) - 1
            if keys[at][0] != until or keys[at][1] <= 0:
                return None
            until = self._end(keys, at)
        return max(began, start + self.least), ends

    def _start(self, keys: list[Key], at: int) -> int:
        """When the run began, as far back as matters."""
        start = keys[at][0]
        while start > keys[at][0] - self.least:
            before = bisect_left(keys, (start, -_LAST, 0)) - 1
            if before < 0 or keys[before][1] <= 0 or keys[before][0] + self.lasts < start:
                break
            start = keys[before][0]
        return start

    def _end(self, keys: list[Key], at: int) -> int:
        lasts = keys[at][0] + self.lasts
        return min(keys[at + 1][0], lasts) if at + 1 < len(keys) else lasts


def _changes(rates: Sequence[Rate], never: int) -> Iterator[tuple[int, bool, Rate]]:
    changes = [(one.learnt, True, one) for one in rates]
    changes += [(one.gone, False, one) for one in rates if one.gone < never]
    yield from sorted(changes, key=lambda change: change[:2])
