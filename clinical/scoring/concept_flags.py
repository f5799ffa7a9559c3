"""Flags per concept, asked by the inputs that rest on concepts.

Here: where any of some inputs is flagged, and the concepts that a score waits for. Not here: what
is flagged (engine.py).
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from clinical.scores.definition import Score, WindowScore
from clinical.scoring.inputs import concepts_of
from clinical.scoring.memory import CONCEPT_NAMES, CONCEPT_NUMBER

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def any_of(flags: Bools, names: Sequence[str]) -> Bools:
    """Lines in which a concept of any of these inputs is flagged; a column is a concept."""
    found: Bools = np.logical_or.reduce(flags.T[_numbers(tuple(names))], axis=0)
    return found


def no_flags(length: int) -> Bools:
    """Lines without any flag; each column lies in one piece, since columns are what is asked."""
    return np.zeros((len(CONCEPT_NAMES), length), np.bool_).T


def lines(flags: Bools, chosen: Ints) -> Bools:
    """Some of the lines, columns still in one piece."""
    if len(chosen) == len(flags):
        return flags
    kept: Bools = flags.T[:, chosen].T
    return kept


def asked(score: Score) -> Ints:
    """The numbers of the concepts of which a score is asked when one of them changed."""
    return _numbers(tuple(score.inputs if isinstance(score, WindowScore) else score.depends_on))


@cache
def _numbers(names: tuple[str, ...]) -> Ints:
    """The numbers of the concepts that inputs rest on."""
    return np.array([CONCEPT_NUMBER[one] for name in names for one in concepts_of(name)], np.int64)
