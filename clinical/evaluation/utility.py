"""The utility of hourly sepsis predictions, as in the PhysioNet/CinC Challenge 2019.

Here: what each hour's prediction is worth, and a cohort's normalised utility. Not here: how
predictions are made.

A prediction is worth most 6 hours before onset: from 12 hours before it rises, until 3 hours after
it falls, and within that span silence costs up to 2. A warning without sepsis costs 0.05 an hour.
The normalised utility is 0 for never warning and 1 for warning always and only from 12 hours before
until 3 hours after onset.

Source: Reyna et al., Crit Care Med 2020;48:210, doi 10.1097/CCM.0000000000004145, and the official
scorer (physionetchallenges/evaluation-2019), whose numbers these equal to the last digit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Hours from onset.
EARLY, OPTIMAL, LATE = -12, -6, 3
_BEST_WARNING, _WORST_SILENCE, _FALSE_WARNING = 1.0, -2.0, -0.05
# u = slope * hours from onset + intercept: a warning until the optimum, a warning after it, silence
# after it. Written as the official scorer does, so that the last digit agrees.
_RISING = _BEST_WARNING / (OPTIMAL - EARLY)
_FALLING = -_BEST_WARNING / (LATE - OPTIMAL)
_SILENT = _WORST_SILENCE / (LATE - OPTIMAL)


@dataclass(frozen=True, slots=True)
class Stays:
    """Hours of stays, one stay after the other: where each begins, and the label of each hour.

    The label is true from 6 hours before the onset on.
    """

    first: Ints
    label: Bools

    def sums(self, hourly: Floats) -> Floats:
        """The sum of an hourly column over each stay."""
        pieces = np.split(hourly, self.first[1:])
        return np.array([piece.sum() for piece in pieces])

    @property
    def hours_from_onset(self) -> Floats:
        """Hours since the onset (negative before it) at each hour; minus infinity without one."""
        length = np.diff(np.append(self.first, len(self.label)))
        hour = np.arange(len(self.label)) - np.repeat(self.first, length)
        labelled = np.where(self.label, hour, np.iinfo(np.int64).max)
        earliest = np.minimum.reduceat(labelled, self.first)
        septic = np.logical_or.reduceat(self.label, self.first)
        onset = np.where(septic, earliest - float(OPTIMAL), np.inf)
        since: Floats = hour - np.repeat(onset, length)
        return since


@dataclass(frozen=True, slots=True)
class Worth:
    """What a warning and what silence are worth at each hour."""

    warning: Floats
    silence: Floats

    def of(self, prediction: Bools) -> Floats:
        """What each hour's prediction is worth."""
        return np.where(prediction, self.warning, self.silence)


@dataclass(frozen=True, slots=True)
class Utility:
    """Utility of each stay: as predicted, at best, at worst, and with no warning at all."""

    observed: Floats
    best: Floats
    worst: Floats
    inaction: Floats

    @property
    def normalised(self) -> float:
        """The cohort's utility on the scale from inaction (0) to the best possible (1).

        Not a number where no stay is septic: there is nothing to gain.
        """
        none = self.inaction.sum()
        possible = self.best.sum() - none
        return float((self.observed.sum() - none) / possible) if possible else float("nan")


def by_stay(stay: Ints, label: Bools) -> Stays:
    """Stays from a column that numbers them; the hours of a stay stand together and in order."""
    opens = np.ones(len(stay), np.bool_)
    opens[1:] = stay[1:] != stay[:-1]
    return Stays(np.flatnonzero(opens), label.astype(np.bool_))


def worth(stays: Stays) -> Worth:
    """What a warning and what silence are worth at each hour of these stays."""
    from_onset = stays.hours_from_onset
    septic = np.isfinite(from_onset)
    hours = np.where(septic, from_onset, 0.0)
    early, over = hours <= OPTIMAL, hours > LATE
    rising = np.maximum(_RISING * hours - _RISING * EARLY, _FALSE_WARNING)
    falling = _FALLING * hours - _FALLING * LATE
    warned = np.where(over, 0.0, np.where(early, rising, falling))
    silent = np.where(early | over, 0.0, _SILENT * hours - _SILENT * OPTIMAL)
    return Worth(np.where(septic, warned, _FALSE_WARNING), np.where(septic, silent, 0.0))


def best_prediction(stays: Stays) -> Bools:
    """A warning from 12 hours before until 3 hours after onset, and at no other time."""
    from_onset = stays.hours_from_onset
    best: Bools = (from_onset >= EARLY) & (from_onset <= LATE)
    return best


def utility(stays: Stays, prediction: Bools) -> Utility:
    """The utility of hourly predictions, stay by stay."""
    hourly, best = worth(stays), best_prediction(stays)
    silence = np.zeros(len(best), np.bool_)
    predictions = (prediction.astype(np.bool_), best, ~best, silence)
    return Utility(*(stays.sums(hourly.of(one)) for one in predictions))
