"""Versions of one fact: which row another replaced or withdrew, and what a message so changed.

Here: chains of rows of one identity in the order of their arrival. Not here: which row counts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.memory import CONCEPT_NAMES, Stack

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Past every arrival: a row that is still true.
NEVER = np.iinfo(np.int64).max // 2
# An odd 64-bit constant (2**64 / golden ratio) spreads groups before they are mixed with ids.
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Chains:
    """Rows by identity, each identity's in the order of arrival; `opens` marks its first."""

    row: Ints
    opens: Bools

    def end(self, gone: Ints) -> None:
        """Write down, for each row, the arrival at which another took its place."""
        gone[self.row[:-1][~self.opens[1:]]] = self.row[1:][~self.opens[1:]]


@dataclass(frozen=True, slots=True)
class Told:
    """What messages said: (point, concept) pairs of which a fact is new, another, or gone.

    `revised` marks the pairs of which something that was known turned out otherwise.
    """

    point: Ints
    concept: Ints
    revised: Bools


def chains(stack: Stack, owner: Ints, rows: Ints) -> Chains:
    """The chains of these rows, which are in the order of arrival."""
    group = owner[rows] * len(CONCEPT_NAMES) + stack["concept"][rows]
    identity = stack["signal"][rows] ^ (group.astype(np.uint64) * _MIX)
    order = np.argsort(identity, kind="stable")
    opens = np.ones(len(rows), np.bool_)
    opens[1:] = identity[order[1:]] != identity[order[:-1]]
    return Chains(rows[order], opens)


def told(stack: Stack, found: Chains, point: Ints, now: Ints, horizon: Ints) -> Told:
    """What each point's message changed of the facts that are not yet forgotten.

    Args:
        stack: All rows.
        found: The chains to look at.
        point: The point of each row of the stack; below 0 for what was known before.
        now: The clock at each point.
        horizon: How long each concept's rows are remembered.
    """
    if not len(found.row):
        return Told(found.row, found.row, np.zeros(0, np.bool_))
    of = point[found.row]
    last = np.ones(len(of), np.bool_)
    last[:-1] = found.opens[1:] | (of[1:] != of[:-1])
    ends = np.flatnonzero(last)
    after, at = found.row[ends], of[ends]
    # The version before stands right before the first row that this point has of the identity.
    begins = np.concatenate([[0], ends[:-1] + 1])
    before = found.row[np.maximum(begins - 1, 0)]
    fresh = at >= 0
    after, before, at = after[fresh], before[fresh], at[fresh]
    had = ~found.opens[begins[fresh]]
    concept = stack["concept"][after].astype(np.int64)
    oldest = now[at] - horizon[concept]
    had &= ~stack["void"][before] & (stack["effective"][before] >= oldest)
    has = ~stack["void"][after] & (stack["effective"][after] >= oldest)
    same = stack["value"][before] == stack["value"][after]
    same &= stack["effective"][before] == stack["effective"][after]
    differs = (has != had) | (has & ~same)
    return Told(at[differs], concept[differs], had[differs])
