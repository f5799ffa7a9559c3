"""Words that come too late to count: a version that was written after them is known already.

Here: which rows are overruled on arrival, and such rows made to say nothing; the withdrawals that
are kept for it. Not here: when a row
was written (clinical/normalise/written.py), or what the versions that count lead to.

Of the versions of one fact the one that was written last stands, of equals the later arrival. What
is left once overruled rows are silenced is folded by arrival alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.memory import (
    CONCEPT_NAMES,
    MEMORY_BY_NUMBER,
    Stack,
    joined,
    remembered,
    taken,
)
from clinical.scoring.versions import Chains, chains

Ints = NDArray[np.int64]
# Out of every memory, so that a silenced row is kept nowhere.
_LONG_GONE = -(1 << 62)


def silence(
    stack: Stack, owner: Ints, held: int = 0, clock: Callable[[], Ints] | None = None
) -> None:
    """Let rows that are overruled withdraw what nobody knows.

    Args:
        stack: Rows in the order of arrival, changed in place.
        owner: Each row's patient.
        held: How many rows are known already: withdrawals, then values.
        clock: Gives the patient's clock at each of the other rows: what is forgotten by then
            overrules nothing. Where None, nothing is forgotten.
    """
    rows = _suspects(stack, owner, held)
    if not len(rows):
        return
    found = chains(stack, owner, rows)
    falls = (np.diff(stack["written"][found.row]) < 0) & ~found.opens[1:]
    if falls.any():
        now = None if clock is None else clock()
        gone = np.array(list(_overruled(stack, _facts(found, falls), held, now)), np.int64)
        stack["void"][gone] = True
        stack["signal"][gone] = stack["arrival"][gone]
        stack["effective"][gone] = _LONG_GONE


def _suspects(stack: Stack, owner: Ints, held: int) -> Ints:
    """Rows of the concepts of a patient of which any was written before one that came earlier.

    Of the known ones only those that may overrule a fresh one. There are few, and mostly none.
    """
    written = stack["written"]
    later = np.flatnonzero(written[:held] > _earliest(written, held))
    rows = np.concatenate([later, np.arange(held, len(written))])
    group = owner[rows] * len(CONCEPT_NAMES) + stack["concept"][rows]
    order = np.argsort(group, kind="stable")
    group, told = group[order], written[rows[order]]
    falls = (told[1:] < told[:-1]) & (group[1:] == group[:-1])
    if not falls.any():
        return rows[:0]
    return rows[np.sort(order[np.isin(group, group[1:][falls])])]


def _facts(found: Chains, falls: NDArray[np.bool_]) -> Iterator[list[int]]:
    """The rows of each fact of which any was written before one that came earlier."""
    begins = np.flatnonzero(found.opens)
    ends = np.append(begins[1:], len(found.row))
    which = np.searchsorted(begins, np.flatnonzero(falls), side="right") - 1
    for one in np.unique(which).tolist():
        yield found.row[begins[one] : ends[one]].tolist()


def _overruled(
    stack: Stack, facts: Iterable[list[int]], held: int, now: Ints | None
) -> Iterator[int]:
    """The rows that are overruled, fact by fact."""
    for rows in facts:
        standing = rows[0]
        for row in rows[1:]:
            is_known = (
                now is None
                or row < held
                or (
                    now[row - held] - stack["effective"][standing]
                    <= MEMORY_BY_NUMBER[stack["concept"][standing]]
                )
            )
            if is_known and stack["written"][standing] > stack["written"][row]:
                yield row
            else:
                standing = row


def silenced(
    stack: Stack, owner: Ints, held: int, clock: Callable[[], Ints], withdrawn: Sequence[Stack]
) -> Stack:
    """The same, where each patient's withdrawals are known besides."""
    if not any(map(len, withdrawn)):
        silence(stack, owner, held, clock)
        return stack
    before = joined(withdrawn)
    whose = np.repeat(np.arange(len(withdrawn)), [len(one) for one in withdrawn])
    near = np.flatnonzero(before["written"] > _earliest(stack["written"], held))
    if not len(near):
        silence(stack, owner, held, clock)
        return stack
    whole = joined([taken(before, near), stack])
    silence(whole, np.concatenate([whose[near], owner]), len(near) + held, clock)
    return whole[len(near) :]


def withdrawals(rows: Stack, clock: int) -> Stack:
    """Of rows in the order of arrival the withdrawals that may still count, each fact's last."""
    rows = taken(rows, np.flatnonzero(rows["void"] & remembered(rows, np.array(clock))))
    found = chains(rows, np.zeros(len(rows), np.int64), np.arange(len(rows)))
    last = np.append(found.opens[1:], np.ones(min(len(rows), 1), np.bool_))
    return taken(rows, np.sort(found.row[last]))


def _earliest(written: Ints, held: int) -> int:
    return int(written[held:].min(initial=np.iinfo(np.int64).max))
