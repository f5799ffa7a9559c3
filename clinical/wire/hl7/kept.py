"""Single texts as people read them, and what was read of them of late.

Here: one component of one text, and memories that give what was read before. Not here: columns of
texts (text.py).

An absent text, an empty one and HL7's null `""` are all None.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from clinical.wire.hl7.delimiters import Delimiters, unescape

T = TypeVar("T")
HL7_NULL = '""'
BLANKS = " \t"
# A longer text is hardly one that comes again; beyond so many texts all are forgotten.
SHORT, MOST = 64, 65_536


class Kept(dict[str, T]):
    """What a reader makes of texts; what it made of short ones of late is not made again."""

    def __init__(self, reader: Callable[[str], T]) -> None:
        """Args: reader: reads one text."""
        super().__init__()
        self._reader = reader

    def __missing__(self, text: str) -> T:
        """Read a text that was not asked for of late."""
        read = self._reader(text)
        if len(text) <= SHORT:
            if len(self) >= MOST:
                self.clear()
            self[text] = read
        return read


class Parts(dict[str | bytes, str | None]):
    """What `component_of` reads of texts; what it read of late, if short, is not read again.

    A text that was not read as one yet is asked for by its bytes.
    """

    def __init__(self, delimiters: Delimiters, number: int) -> None:
        """Args: delimiters, number: as for `component_of`."""
        super().__init__()
        self._delimiters, self._number = delimiters, number

    def __missing__(self, sent: str | bytes) -> str | None:
        """Read a text that was not asked for of late."""
        text = sent if isinstance(sent, str) else str(sent, "utf-8")
        read = component_of(text, self._delimiters, self._number)
        if len(sent) <= SHORT:
            if len(self) >= MOST:
                self.clear()
            self[sent] = read
        return read


@lru_cache(maxsize=256)
def parts(delimiters: Delimiters, number: int) -> Parts:
    """What was read of late of components of this number."""
    return Parts(delimiters, number)


@lru_cache(maxsize=256)
def raw_parts(delimiters: Delimiters, number: int) -> Parts:
    """The same of texts that are asked for by their bytes."""
    return Parts(delimiters, number)


def component_of(text: str, delimiters: Delimiters, number: int) -> str | None:
    """Component `number` of the first repetition of a text, its first subcomponent."""
    if delimiters.repetition:
        text = text.lstrip(delimiters.repetition).partition(delimiters.repetition)[0]
    parts = text.split(delimiters.component, number)
    if len(parts) < number:
        return None
    first = parts[number - 1]
    if delimiters.subcomponent:
        first = first.partition(delimiters.subcomponent)[0]
    read = unescape(first, delimiters).strip(BLANKS)
    return None if read in {"", HL7_NULL} else read
