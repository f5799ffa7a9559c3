"""In which hours a detection holds.

Here: what a rule last said, carried forward to given times. Not here: the rule.

A rule is asked at every moment at which one of its inputs changed. What it said then holds until it
is asked again, and no longer than the look-back of vital signs: after that nothing it rests on
would still count.
"""

import numpy as np

from clinical.evaluation.occurrences import Ints, Occurrences, bounds
from clinical.scoring.validity import LOOKBACK

HOLDS_FOR = LOOKBACK["heart_rate"]


def standing(asked: Occurrences, said: Ints, at: Occurrences) -> Ints:
    """The band that stands at each time; 0 where none does.

    Args:
        asked: When the rule was asked of each patient.
        said: The band it gave each time; in the order of `asked`.
        at: Patients and times of interest.
    """
    first, beyond = bounds(asked, at.patient, at.at - HOLDS_FOR, at.at)
    known = beyond > first
    band = np.zeros(len(at), np.int64)
    band[known] = said[beyond[known] - 1]
    return band
