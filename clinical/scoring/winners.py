"""Which value counts, over columns.

Here: for rows of many (patient, concept) groups in arrival order, the row that counts after each
arrival: newest clinical time, ties to the later arrival, withdrawn rows gone. Not here: look-backs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NONE = -1
# An odd 64-bit constant (2**64 / golden ratio) spreads group numbers before they are mixed with
# ids.
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in arrival order: group, clinical time, identity, whether it is a withdrawal.

    `is_event` marks rows whose identity may come again with another clinical time (orders and
    medications); an observation's identity includes its time.
    """

    group: Ints
    effective: Ints
    signal: NDArray[np.uint64]
    void: Bools
    is_event: Bools


@dataclass(frozen=True, slots=True)
class Winners:
    """The row that counts after each arrival, and what is left alive at the end.

    `row` has all rows by group and then in order of arrival, `group` the group of each, and `won`
    the row that counts in it once that one has arrived.
    """

    row: Ints
    group: Ints
    won: Ints
    alive: Bools

    def before(self, begins: Ints) -> Ints:
        """Row that counts in a group before its row at a place of `row` arrives, or NONE."""
        earlier = np.maximum(begins - 1, 0)
        there = (begins > 0) & (self.group[earlier] == self.group[begins])
        return np.where(there, self.won[earlier], NONE)


class Lookup:
    """Moments of owners, at which the rows that count are looked up.

    A group is one kind of one owner; groups of an owner stand together, in the order of kinds.
    """

    def __init__(self, found: Winners, owner: Ints, arrival: Ints, kinds: int) -> None:
        """Take moments in any order, each as the row by which it has arrived; `kinds` is how many.

        A row is put at the first moment by which it has arrived, and carried forward from there:
        many kinds at once cost little more than one.
        """
        self._found, self._kinds = found, kinds
        self._order = np.lexsort((arrival, owner))
        self._owner = owner[self._order]
        size = len(found.row)
        moments = self._owner * size + arrival[self._order]
        holder = found.group // kinds
        first = np.searchsorted(moments, holder * size + found.row)
        inside = first < len(moments)
        inside[inside] = self._owner[first[inside]] == holder[inside]
        self._place = np.flatnonzero(inside)
        self._first = first[inside]
        self._kind = found.group[inside] - holder[inside] * kinds

    def rows(self, kinds: Ints) -> Ints:
        """For each of these kinds a line of the rows that count at the moments, or NONE."""
        line = np.full(self._kinds, NONE)
        line[kinds] = np.arange(len(kinds))
        of = line[self._kind]
        asked = np.flatnonzero(of != NONE)
        table = np.full((len(kinds), len(self._order)), NONE)
        # Of several rows that arrive by one moment the last is written last, and stays.
        table[of[asked], self._first[asked]] = self._place[asked]
        np.maximum.accumulate(table, axis=1, out=table)
        lines = np.full(table.shape, NONE)
        if len(self._found.row):
            same = self._found.group[table] == self._owner * self._kinds + kinds[:, None]
            same &= table != NONE
            lines[:, self._order] = np.where(same, self._found.won[table], NONE)
        return lines


def winners(rows: Rows) -> Winners:
    """Fold all groups at once.

    Without withdrawals the winner is a running maximum of (clinical time, arrival), which one
    cumulative maximum gives for every group together. Groups where a withdrawal or a re-timed event
    meets an earlier row are folded one by one; they are few.
    """
    size = len(rows.group)
    order = np.argsort(rows.group, kind="stable")
    group = rows.group[order]
    by_time = np.argsort(rows.effective, kind="stable")
    rank = np.empty(size, np.int64)
    rank[by_time] = np.arange(1, size + 1)
    rank[rows.void] = 0
    base = group * (size + 1)
    best = np.maximum.accumulate(base + rank[order]) - base
    winner = np.where(best > 0, by_time[best - 1], NONE)
    alive = ~rows.void
    for one in _contested(rows):
        start, end = np.searchsorted(group, [one, one + 1])
        winner[start:end] = _fold(rows, order[start:end], alive)
    return Winners(order, group, winner, alive)


def alive(rows: Rows) -> Bools:
    """The rows that were neither withdrawn nor replaced in the end, without the winners."""
    alive = ~rows.void
    contested = _contested(rows) if (rows.void | rows.is_event).any() else ()
    if len(contested):
        near = np.flatnonzero(np.isin(rows.group, contested))
        near = near[np.argsort(rows.group[near], kind="stable")]
        starts = np.searchsorted(rows.group[near], contested)
        for members in np.split(near, starts[1:]):
            _fold(rows, members, alive)
    return alive


def _contested(rows: Rows) -> Ints:
    """Groups that a cumulative maximum cannot fold: an identity is withdrawn, or comes again."""
    found = [_withdrawn(rows)]
    events = np.flatnonzero(rows.is_event & ~rows.void)
    identity = _identity(rows, events)
    # Hardly ever does one come again: to sort is cheaper than to tell which.
    ordered = np.sort(identity)
    if (ordered[1:] == ordered[:-1]).any():
        _, first = np.unique(identity, return_index=True)
        found.append(rows.group[np.delete(events, first)])
    return np.unique(np.concatenate(found))


def _withdrawn(rows: Rows) -> Ints:
    """Groups in which a withdrawal names a row that is there."""
    void = np.flatnonzero(rows.void)
    if not len(void):
        return rows.group[void]
    near = np.flatnonzero(~rows.void & np.isin(rows.group, np.unique(rows.group[void])))
    return rows.group[void[np.isin(_identity(rows, void), _identity(rows, near))]]


def _identity(rows: Rows, places: Ints) -> NDArray[np.uint64]:
    return rows.signal[places] ^ (rows.group[places].astype(np.uint64) * _MIX)


def _fold(rows: Rows, members: Ints, alive: Bools) -> Ints:
    """Fold one group row by row; also marks the rows that are no longer alive."""
    versions: dict[int, tuple[int, int]] = {}
    winner = np.full(len(members), NONE)
    for place, row in enumerate(members.tolist()):
        identity = int(rows.signal[row])
        versions.pop(identity, None)
        if not rows.void[row]:
            versions[identity] = (int(rows.effective[row]), row)
        if versions:
            winner[place] = max(versions.values())[1]
    alive[members] = False
    alive[[row for _, row in versions.values()]] = True
    return winner
