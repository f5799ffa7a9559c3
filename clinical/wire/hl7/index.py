"""Where the segments and fields of a batch lie.

Here: an index of the bytes of many messages that have the same separators, and which segment stands
under which. Not here: the pass over the bytes (indexing.py), or the fields of segments (rows.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.delimiters import Delimiters
from clinical.wire.hl7.kept import Parts
from clinical.wire.hl7.rows import Rows, Split
from clinical.wire.hl7.text import FEW, Positions

__all__ = ["MSH", "Index", "Rows", "code"]
MSH = "MSH"
SMALL = 1024 * 1024


@cache
def code(kind: str) -> int:
    """A segment's name as the number it is indexed by."""
    return int.from_bytes(kind.encode("ascii"), "big")


@dataclass(frozen=True, slots=True)
class Known:
    """What was asked of an index before, so that it is worked out once."""

    kinds: dict[str, Positions] = field(default_factory=dict)
    chosen: dict[tuple[str, bytes], Positions] = field(default_factory=dict)
    latest: dict[tuple[str, ...], Positions] = field(default_factory=dict)
    splits: dict[tuple[int, int | bytes], tuple[Positions, Split]] = field(default_factory=dict)
    parts: dict[int, Parts] = field(default_factory=dict)
    names: list[frozenset[int]] = field(default_factory=list)
    content: list[bytes | memoryview] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Index:
    """Segments and fields of a batch.

    `marks` are the places of field separators and segment ends. Segment s is named `kinds[s]` and
    belongs to message `message[s]`; it begins at `begins[s]`, its name ends at `marks[first[s]]`,
    and itself at `ends[s]`, which is `marks[last[s]]`. Message m begins with segment `opening[m]`;
    one more closes the last message.
    """

    delimiters: Delimiters
    buffer: pa.Buffer
    marks: Positions
    begins: Positions
    ends: Positions
    kinds: npt.NDArray[np.int32]
    message: npt.NDArray[np.int32]
    first: Positions
    last: Positions
    opening: Positions
    known: Known = field(default_factory=Known, repr=False, compare=False)

    @property
    def messages(self) -> int:
        """How many messages there are."""
        return len(self.opening) - 1

    @property
    def content(self) -> bytes | memoryview:
        """The bytes of the batch: those of a small one at hand, which is faster to cut from."""
        if not self.known.content:
            small = self.buffer.size <= SMALL
            whole = self.buffer.to_pybytes() if small else memoryview(self.buffer)
            self.known.content.append(whole)
        return self.known.content[0]

    @property
    def names(self) -> frozenset[int]:
        """The names that any segment has, as `code` numbers them."""
        if not self.known.names:
            self.known.names.append(frozenset(pc.unique(pa.array(self.kinds)).to_pylist()))
        return self.known.names[0]

    def rows(self, kind: str, usable: npt.NDArray[np.bool_] | None = None) -> Rows:
        """The segments of one name, of all messages or of the usable ones."""
        at = self.places(kind) if usable is None else self._chosen(kind, usable)
        return self.these(at, 1 if kind == MSH else 0)

    def _chosen(self, kind: str, usable: npt.NDArray[np.bool_]) -> Positions:
        """The segments of one name in the usable messages; the same array for the same ones."""
        at = self.places(kind)
        if not len(at):
            return at
        key = kind, usable.tobytes()
        known = self.known.chosen.get(key)
        if known is None:
            among = usable[self.message[at]]
            known = self.known.chosen[key] = at if among.all() else at[among]
        return known

    def places(self, kind: str) -> Positions:
        """The numbers of the segments of one name."""
        known = self.known.kinds.get(kind)
        if known is None:
            there = code(kind) in self.names
            known = np.flatnonzero(self.kinds == code(kind)) if there else _NONE
            self.known.kinds[kind] = known
        return known

    def has(self, kind: str) -> bool:
        """Whether any message has a segment of this name."""
        return code(kind) in self.names

    def these(self, at: Positions, origin: int = 0) -> Rows:
        """Segments by number; `origin` is 1 for MSH, whose field 1 is the separator itself."""
        # An array that is kept here keeps its identity to itself.
        key = origin, at.tobytes() if len(at) <= FEW else id(at)
        _, split = self.known.splits.setdefault(key, (at, Split()))
        return Rows(self, at, origin, split)

    def headers(self) -> Rows:
        """The segment each message begins with, which is its MSH."""
        return self.these(self.opening[:-1], 1)

    def latest(self, *kinds: str) -> Positions:
        """Per segment, the latest one of these names in its message up to itself; -1 without."""
        known = self.known.latest.get(kinds)
        if known is None:
            above = np.full(len(self.kinds), -1, np.int64)
            here = self._of(kinds)
            above[here] = here
            known = np.maximum.accumulate(above)
            known[known < self.opening[self.message]] = -1
            self.known.latest[kinds] = known
        return known

    def above(self, at: Positions, *kinds: str) -> Positions:
        """The latest segment of these names in the message of each of these, itself included.

        -1 where there is none. Asked of few segments, it costs little however many there are.
        """
        if kinds in self.known.latest:
            return self.known.latest[kinds][at]
        here = self._of(kinds)
        if not len(here):
            return np.full(len(at), -1, np.int64)
        place = np.searchsorted(here, at, side="right") - 1
        found = here[np.maximum(place, 0)]
        return np.where((place >= 0) & (found >= self.opening[self.message[at]]), found, -1)

    def coming(self, *kinds: str) -> Positions:
        """Per segment, the next one of these names in its message, itself included; -1 without."""
        none = len(self.kinds)
        here = self._of(kinds)
        below = np.full(none, none, np.int64)
        below[here] = here
        at = np.minimum.accumulate(below[::-1])[::-1]
        return np.where(at < self.opening[self.message + 1], at, -1)

    def below(self, at: Positions, *kinds: str) -> Positions:
        """The next segment of these names in the message of each of these, itself included."""
        here = self._of(kinds)
        if not len(here):
            return np.full(len(at), -1, np.int64)
        place = np.searchsorted(here, at)
        found = here[np.minimum(place, len(here) - 1)]
        within = found < self.opening[self.message[at] + 1]
        return np.where((place < len(here)) & within, found, -1)

    def _of(self, kinds: Iterable[str]) -> Positions:
        """The numbers of the segments of these names."""
        found = [at for at in map(self.places, kinds) if len(at)]
        if len(found) > 1:
            return np.sort(np.concatenate(found))
        return found[0] if found else _NONE

    def under(self, rows: Positions, kind: str, *barriers: str) -> Positions:
        """The first segment of a name after each of these, before any barrier; -1 without."""
        if not self.has(kind) or not len(rows):
            return np.full(len(rows), -1, np.int64)
        following = self.after(rows, kind, *barriers)
        if not barriers:
            return following
        return np.where(self.kinds[following] == code(kind), following, -1)

    def after(self, at: Positions, *kinds: str) -> Positions:
        """The next segment of these names in the message of each of these; -1 without."""
        here = self._of(kinds)
        if not len(here) or not len(at):
            return np.full(len(at), -1, np.int64)
        place = np.searchsorted(here, at, side="right")
        found = np.append(here, len(self.kinds))[place]
        return np.where(found < self.opening[self.message[at] + 1], found, -1)

    def segments_per_message(self) -> Positions:
        """How many segments each message has."""
        return np.diff(self.opening)


_NONE: Positions = np.zeros(0, np.int64)
