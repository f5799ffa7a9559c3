r"""Messages in a file: bytes in, whole messages out.

Here: where messages begin and end among line ends, batch envelopes and MLLP marks. Not here:
reading files, or what a message says.

A message begins at a line that begins with `MSH` and ends before the next one or before an envelope
segment (FHS, BHS, BTS, FTS). Lines end with CR, LF or both, or with an MLLP mark (VT, FS). Lines
before the first MSH that are neither blank nor envelope are handed out as a message as well, so
that nothing a file holds is lost: decoding quarantines them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clinical.wire.frames import Frames
from clinical.wire.hl7.index import code
from clinical.wire.hl7.text import Positions, slices

# A message that does not end within this is handed out as far as it goes, which bounds memory.
CARRY_BYTES = 64 * 1024 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LINE_ENDS = b"\n\x0b\r\x1c"
BLANK = 0x20
MSH = code("MSH")
OPENING, CLOSING = [code("FHS"), code("BHS")], [code("BTS"), code("FTS")]
EMPTY = pa.array([], pa.binary())


class Splitter:
    """Finds the messages of one file, fed in chunks of any size below 1 GiB.

    Lines are told by their first bytes: the last message waits for what follows it, or `close`.
    """

    def __init__(self, carry_bytes: int = CARRY_BYTES) -> None:
        self._carry_bytes = carry_bytes
        self._carry = b""
        self._marked = False  # past where a byte order mark may stand
        self._in_batch: bool | None = None  # None until the first line
        self.saw_any = False

    def feed(self, chunk: bytes) -> Frames:
        """The messages that end in this chunk."""
        content = self._carry + chunk
        if not self._marked and len(content) < len(BYTE_ORDER_MARK):
            self._carry = content
            return Frames(EMPTY)
        content = self._without_mark(content)
        lines = _lines(content)
        cut = lines.last_boundary()
        if len(content) - cut > self._carry_bytes:
            cut = len(content)
        self._carry = content[cut:]
        return Frames(self._messages(content, lines, cut))

    def close(self, *, truncated: bool = False) -> Frames:
        """The last message; `truncated` when the stream broke off rather than ended."""
        content = self._without_mark(self._carry)
        self._carry = b""
        messages = self._messages(content, _lines(content), len(content))
        unfinished = bool(self._in_batch) and content[-1:] not in LINE_ENDS
        return Frames(messages, bool(len(messages)) and (truncated or unfinished))

    def _without_mark(self, content: bytes) -> bytes:
        if self._marked:
            return content
        self._marked = True
        return content.removeprefix(BYTE_ORDER_MARK)

    def _messages(self, content: bytes, lines: "_Lines", cut: int) -> pa.Array:
        self.saw_any |= bool((lines.names == MSH).any())
        if self._in_batch is None and len(lines.names):
            self._in_batch = bool(lines.names[0] in OPENING)
        if np.isin(lines.names, CLOSING).any():
            self._in_batch = False
        begin, stop = lines.units(cut)
        return slices(pa.py_buffer(content), begin, stop, pa.binary())


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines that are not empty: their names, as `index.code` has them, and where they lie."""

    names: npt.NDArray[np.int32]
    starts: Positions
    stops: Positions

    def last_boundary(self) -> int:
        """Where the last message or envelope segment begins; 0 without."""
        at = np.flatnonzero((self.names == MSH) | self._is_envelope())
        return int(self.starts[at[-1]]) if len(at) else 0

    def units(self, cut: int) -> tuple[Positions, Positions]:
        """Where messages begin and end that begin before the cut."""
        envelope, begins = self._is_envelope(), self.names == MSH
        stray = np.append(True, envelope)[:-1] & ~envelope & ~begins
        at = np.flatnonzero(envelope | begins | stray)
        closing = np.append(at, len(self.names))[1:] - 1
        unit = ~envelope[at] & (self.starts[at] < cut)
        begin, stop = self.starts[at][unit], self.stops[closing][unit]
        return begin, stop

    def _is_envelope(self) -> npt.NDArray[np.bool_]:
        return np.isin(self.names, OPENING + CLOSING)


def _lines(content: bytes) -> _Lines:
    characters = np.frombuffer(content, np.uint8)
    ends = np.flatnonzero(_is_line_end(characters))
    starts, stops = np.append(0, ends + 1), np.append(ends, len(content))
    padded = np.append(characters, np.zeros(3, np.uint8))
    filled = stops > starts
    # A line of blanks alone is a blank line.
    for row in np.flatnonzero(filled & (padded[starts] <= BLANK)):
        filled[row] = not content[starts[row] : stops[row]].isspace()
    starts, stops = starts[filled], stops[filled]
    letters = [padded[starts + place].astype(np.int32) for place in range(3)]
    return _Lines(letters[0] << 16 | letters[1] << 8 | letters[2], starts, stops)


def _is_line_end(characters: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    found = np.equal(characters, LINE_ENDS[0])
    for end in LINE_ENDS[1:]:
        found |= characters == end
    return found
