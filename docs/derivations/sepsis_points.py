"""How the sepsis points were found: `python -m docs.derivations.sepsis_points DIR`.

Here: candidate steps, whole points and the threshold, on the PhysioNet/CinC 2019 files in DIR
(4,000 stays of set B); the table that clinical/scores/sepsis_points.py holds, and how it did on
stays it had not seen, go to standard output as JSON. Not here: reading (stay_hours.py), weights
(fitting.py).

* **Weights**: logistic regression of "a warning is worth more than silence" on steps ("at most",
  "at least"), each hour weighing what the warning would gain or lose by the challenge's utility.
  Weights are not negative, so that a missing value, which has no points, is never worse than known.
* **Parameters**: the `PARAMETERS` with the widest spread of points over the hours; then once more.
* **Points**: weights by `UNIT`, rounded. **Threshold**: the highest that still has `KEPT` of the
  best utility, since the utility hardly falls there while the warnings do.
* **Cross-validation** by stay, 5-fold, repeated: all of the above is done anew on each four fifths.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS
from clinical.evaluation.utility import by_stay, utility, worth
from clinical.scoring.inputs import HOURS_IN_CARE
from docs.derivations.fitting import Design, Floats, fitted
from docs.derivations.stay_hours import StayHours, read

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

PARAMETERS = 14
UNIT = 0.2
KEPT = 0.97
FOLDS, REPEATS, SEED = 5, 5, 2019
KNOWN = -np.inf

# Steps: values at most these, and values at least these; KNOWN is that there is a value at all.
CANDIDATES: Mapping[str, tuple[Sequence[float], Sequence[float]]] = {
    "hours_in_icu": ((6, 12), (36, 42, 48, 54, 60, 72, 84)),
    "hours_in_hospital": ((4, 8), ()),
    "hours_before_icu": ((0,), (240,)),
    "temperature": ((36.0,), (37.5, 38.0)),
    "heart_rate": ((), (90, 100, 110)),
    "respiratory_rate": ((), (24, 28)),
    "systolic_bp": ((100, 110), ()),
    "mean_bp": ((60, 70), ()),
    "spo2": ((94,), ()),
    "etco2": ((30, 35), (KNOWN,)),
    "fio2": ((), (KNOWN, 50)),
    "ph": ((7.30, 7.35), ()),
    "paco2": ((34.0,), (KNOWN, 45.0)),
    "lactate": ((), (KNOWN, 2.0)),
    "wbc": ((), (12.0, 15.0, 20.0)),
    "platelets": ((100, 150), ()),
    "creatinine": ((), (1.2, 1.5, 2.0)),
    "bun": ((), (40,)),
    "bilirubin_total": ((), (KNOWN, 2.0, 4.0)),
    "haemoglobin": ((8.9,), ()),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A parameter being at most, or at least, a bound."""

    parameter: str
    is_floor: bool
    bound: float

    def holds(self, value: Floats) -> Bools:
        """Where it holds; nowhere without a value."""
        held: Bools = value >= self.bound if self.is_floor else value <= self.bound
        return held


STEPS = tuple(
    Step(name, is_floor, float(bound))
    for name, (ceilings, floors) in CANDIDATES.items()
    for is_floor, bounds in ((False, ceilings), (True, floors))
    for bound in bounds
)
_OF = np.array([list(CANDIDATES).index(step.parameter) for step in STEPS])


@dataclass(frozen=True, slots=True)
class Table:
    """Points of each step, and the total from which there is a warning."""

    points: Ints
    threshold: int


def derive(held: Design, gain: Floats) -> Table:
    """The table that fits these hours."""
    weights = fitted(held, gain)
    kept = np.isin(_OF, _widest(held, weights))
    weights = np.zeros(len(STEPS))
    weights[kept] = fitted(held[:, kept], gain)
    points = np.floor(weights / UNIT + 0.5).astype(np.int64)
    return Table(points, _threshold((held @ points).astype(np.int64), gain))


def _widest(held: Design, weights: Floats) -> Ints:
    spread = [(held[:, one == _OF] @ weights[one == _OF]).std() for one in range(len(CANDIDATES))]
    return np.argsort(spread)[::-1][:PARAMETERS]


def _threshold(total: Ints, gain: Floats) -> int:
    gained = np.cumsum(np.bincount(total, gain)[::-1])[::-1]
    return int(np.flatnonzero(gained >= KEPT * gained.max()).max())


def unseen(hours: StayHours, held: Design, gain: Floats, seed: int) -> Bools:
    """Warnings in every hour, by a table that was derived without the hour's stay."""
    fold = _folds(hours, seed)[hours.number]
    warned = np.zeros(len(gain), np.bool_)
    for one in range(FOLDS):
        table = derive(held[fold != one], gain[fold != one])
        warned[fold == one] = held[fold == one] @ table.points >= table.threshold
    return warned


def _folds(hours: StayHours, seed: int) -> Ints:
    """A fold for each stay, as many with sepsis in each."""
    chance = np.random.default_rng(seed)
    septic = np.bincount(hours.number, hours.label) > 0
    fold = np.zeros(len(septic), np.int64)
    for kind in (septic, ~septic):
        fold[kind] = chance.permutation(np.arange(kind.sum()) % FOLDS)
    return fold


def bands(table: Table) -> Mapping[str, list[list[float | int | None]]]:
    """Points of each parameter by value, closed above; the last bound is None."""
    found = {name: _bands(name, table) for name in CANDIDATES}
    return {name: rows for name, rows in found.items() if any(points for _, points in rows)}


def _bands(name: str, table: Table) -> list[list[float | int | None]]:
    precision = CONCEPTS[name].precision if name in CONCEPTS else 1
    mine = [
        (step, int(points))
        for step, points in zip(STEPS, table.points, strict=True)
        if step.parameter == name and points
    ]
    tops = {round(step.bound - precision * step.is_floor, 6) for step, _ in mine}
    rows: list[list[float | int | None]] = []
    for top in sorted({*tops, np.inf} - {KNOWN}):
        points = sum(points for step, points in mine if step.holds(np.array(top)))
        rows.append([None if top == np.inf else top, points])
    return rows


def _report(hours: StayHours) -> Iterator[tuple[str, object]]:
    stays = by_stay(hours.number, hours.label)
    hourly = worth(stays)
    gain = hourly.warning - hourly.silence
    # In half the memory: the solver's time is spent in moving this table.
    held = np.column_stack(
        [step.holds(hours.values[step.parameter]).astype(np.float32) for step in STEPS]
    )
    table = derive(held, gain)
    repeats = [unseen(hours, held, gain, SEED + one) for one in range(REPEATS)]
    yield "stays", int(hours.number.max()) + 1
    yield "hours", len(gain)
    yield "table", bands(table)
    yield "threshold", table.threshold
    yield "seen", round(utility(stays, held @ table.points >= table.threshold).normalised, 4)
    yield "unseen", [round(utility(stays, one).normalised, 4) for one in repeats]
    timed = np.array([step.parameter in HOURS_IN_CARE for step in STEPS])
    for name, kept in (("unseen_by_hours_alone", timed), ("unseen_without_hours", ~timed)):
        some = unseen(hours, held * kept, gain, SEED)
        yield name, round(utility(stays, some).normalised, 4)


if __name__ == "__main__":
    sys.stdout.write(
        json.dumps(dict(_report(read(Path(sys.argv[1]), tuple(CANDIDATES)))), indent=1)
    )
