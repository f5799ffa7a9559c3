"""What admission remembers of a feed: 25 bytes a message, searched by key.

Here: known messages as sorted runs, a few of them, and which are forgotten. Not here: what a key
is, or what is concluded from one that is known (admission.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WINDOW = 7 * 24 * 3_600_000_000
# So many are remembered however old: a replayed backlog may repeat what it said long before.
REMEMBERED = 5_000_000
# When something was received that no window ever passes. And what is older than everything.
FOR_GOOD = 1 << 62
EVER = -FOR_GOOD
# So many runs are searched at most; more are joined, so that a look-up stays cheap.
RUNS = 8

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Known:
    """Messages by key: the content, when each was received, and whether it was understood."""

    keys: Words
    contents: Words
    at: Ints
    understood: Flags

    def __len__(self) -> int:
        return len(self.keys)

    def taken(self, chosen: Flags | Ints) -> "Known":
        """Those that a mask or an order chooses."""
        return Known(
            self.keys[chosen], self.contents[chosen], self.at[chosen], self.understood[chosen]
        )

    def sorted(self) -> "Known":
        """By key; of one key the newest is last."""
        return self.taken(np.argsort(self.keys, kind="stable"))

    def joined(self, other: "Known") -> "Known":
        """These and newer ones."""
        keys, contents, at, understood = (
            np.concatenate([getattr(self, name), getattr(other, name)])
            for name in ("keys", "contents", "at", "understood")
        )
        return Known(keys, contents, at, understood).sorted()


class Memory:
    """Messages of late, and at least REMEMBERED of them."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._runs: list[Known] = []
        self._newest = 0

    @property
    def runs(self) -> tuple[Known, ...]:
        """What a look-up searches: few, however many batches were learnt."""
        return tuple(self._runs)

    def look_up(self, keys: Words, oldest: Ints) -> tuple[Flags, Words, Flags]:
        """Whether each key is known, from when on at the earliest; its content; if understood."""
        known, understood = np.zeros(len(keys), np.bool_), np.zeros(len(keys), np.bool_)
        content = np.zeros(len(keys), np.uint64)
        for run in self._runs if len(keys) else ():
            place = np.searchsorted(run.keys, keys, side="right") - 1
            found = (place >= 0) & (run.keys[place] == keys) & (run.at[place] >= oldest)
            known |= found
            content = np.where(found, run.contents[place], content)
            understood = np.where(found, run.understood[place], understood)
        return known, content, understood

    def learn(self, known: Known) -> None:
        """Remember messages that are newer than all others."""
        if not len(known):
            return
        self._newest = max(self._newest, int(known.at.max(where=known.at < FOR_GOOD, initial=0)))
        self._runs.append(known.sorted())
        while len(self._runs) > 1 and (
            len(self._runs) > RUNS or len(self._runs[-2]) <= 2 * len(self._runs[-1])
        ):
            newer = self._runs.pop()
            self._runs[-1] = self._runs[-1].joined(newer)
        if sum(len(run) for run in self._runs) > REMEMBERED:
            oldest = self._newest - WINDOW
            self._runs = [run.taken(run.at >= oldest) for run in self._runs]
