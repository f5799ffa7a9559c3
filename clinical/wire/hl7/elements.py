"""The elements that messages are built of: segments, and the fields of each that hold anything.

Here: which of them a batch has that were not known before, from its index alone. Not here: what is
made of them (streaming/drift.py, pulsehouse/feed_new.py), or what a field says.

An element is named as HL7 names it: `ZPI`, `OBX-17`. What a segment holds is never looked at.
"""

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from clinical.wire.hl7.index import MSH, Index, code

NAME = re.compile("[A-Z][A-Z0-9]{2}")
ELEMENT = re.compile(r"([A-Z][A-Z0-9]{2})(?:-(\d{1,3}))?")
# Fields beyond this count as this one.
MOST_FIELDS = 255
# Segments of one batch whose fields are looked at; of a larger batch others each time. More costs
# the flow, fewer only notices a rare field later.
MOST_SEGMENTS = 1_024


class Elements:
    """The segments and fields that are known; it learns what it finds."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        """Begin with what is known; names of other things are passed over."""
        self._numbers: dict[int, int] = {}
        self._fields = np.zeros((8, MOST_FIELDS + 1), np.bool_)
        self._codes = np.zeros(0, np.int64)
        self._slots = np.zeros(0, np.int64)
        self._next = 0
        for element in known:
            self._take(element)
        self._sort()

    def news(self, index: Index) -> list[str]:
        """What a batch has that is not known yet, in order; it is known from now on."""
        names = index.names
        found = [] if names <= self._numbers.keys() else self._new_segments(names)
        return found + self._new_fields(index)

    def _take(self, element: str) -> None:
        said = ELEMENT.fullmatch(element)
        if said is None:
            return
        slot = self._slot(code(said[1]))
        self._fields[slot, min(int(said[2] or 0), MOST_FIELDS)] = True

    def _slot(self, number: int) -> int:
        slot = self._numbers.setdefault(number, len(self._numbers))
        if slot == len(self._fields):
            self._fields = np.concatenate([self._fields, np.zeros_like(self._fields)])
        return slot

    def _sort(self) -> None:
        numbers = np.array(list(self._numbers), np.int64)
        order = np.argsort(numbers)
        self._codes, self._slots = numbers[order], order

    def _new_segments(self, names: frozenset[int]) -> list[str]:
        new = sorted(names - self._numbers.keys())
        for number in new:
            self._slot(number)
        self._sort()
        # A line that is no segment may hold anything: it is not named.
        return [name for number in new if NAME.fullmatch(name := _name(number))]

    def _new_fields(self, index: Index) -> list[str]:
        at = self._looked_at(index)
        if not len(at):
            return []
        slots, numbers, filled = self._filled(index, at)
        new = filled & ~self._fields[slots, numbers]
        if not new.any():
            return []
        pairs = sorted(set(zip(slots[new].tolist(), numbers[new].tolist(), strict=True)))
        self._fields[slots[new], numbers[new]] = True
        names = {slot: _name(number) for number, slot in self._numbers.items()}
        return [f"{names[s]}-{n}" for s, n in pairs if n and NAME.fullmatch(names[s])]

    def _looked_at(self, index: Index) -> npt.NDArray[np.int64]:
        """All segments of a small batch; of a larger one some, and those longer than ever."""
        segments = len(index.kinds)
        if segments <= MOST_SEGMENTS:
            return np.arange(segments)
        some = (self._next + np.arange(MOST_SEGMENTS)) % segments
        self._next += MOST_SEGMENTS
        # The last field that is known of each name; columns run backwards to find it.
        last = MOST_FIELDS - self._fields[:, ::-1].argmax(axis=1)
        longest = last[self._slots[np.searchsorted(self._codes, index.kinds)]]
        longer = np.flatnonzero(index.last - index.first > longest)
        return np.concatenate([some, longer[:MOST_SEGMENTS]])

    def _filled(
        self, index: Index, at: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Per field of these segments: its segment's number, its own, and whether it is filled."""
        first, kinds = index.first[at], index.kinds[at]
        width = index.last[at] - first
        within = np.arange(width.sum()) - np.repeat(np.cumsum(width) - width, width)
        marks = np.repeat(first, width) + within + 1
        filled = index.marks[marks] - index.marks[marks - 1] > 1
        slots = self._slots[np.searchsorted(self._codes, kinds)]
        # The first field of MSH is the separator itself.
        number = within + 1 + np.repeat(kinds == code(MSH), width)
        return np.repeat(slots, width), np.minimum(number, MOST_FIELDS), filled


def _name(number: int) -> str:
    return number.to_bytes(3, "big").decode("latin-1") if number else ""
