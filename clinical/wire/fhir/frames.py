"""A file's bytes as messages: one per line of NDJSON, or the file as one JSON document.

Here: telling the two apart and splitting chunk by chunk. Not here: what is in a message
(messages.py), or where bytes come from and how they are unpacked.

The first line decides. If it is unfinished JSON the file is one document, printed over several
lines; otherwise each line is a message, also when the first one is no JSON at all. A first line
that was cut looks like a document, too: what is no JSON as a whole, and goes on with one resource
in a line, is lines after all.
"""

import re
from itertools import takewhile
from typing import Final, Literal

import msgspec
import pyarrow as pa

from clinical.wire.fhir.messages import BOM
from clinical.wire.frames import Frames
from clinical.wire.profile import Limits

Shape = Literal["undecided", "lines", "document"]
State = Literal["whole", "begun", "malformed"]

_LIMIT = Limits().message_bytes
# Lines after the first that are looked at to tell a cut line from a document.
_LOOK: Final = 8
_RESOURCE: Final = re.compile(rb'\{[ \t]*"resourceType"')


class Splitter:
    """Splits one file, fed in chunks of any size; what it holds is bounded by `limit`.

    A message beyond `limit` bytes is cut one byte after it, enough for the decoder to refuse it.
    """

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._shape: Shape = "undecided"
        self._held: list[bytes] = []
        self._size = 0

    @property
    def saw_any(self) -> bool:
        """Whether anything was there at all: what is not JSON is told apart by the decoder."""
        return self._shape != "undecided" or bool(self._held)

    def feed(self, chunk: bytes) -> Frames:
        """The messages that end in this chunk."""
        return Frames(pa.array(self._ended(chunk), pa.binary()))

    def close(self, *, truncated: bool = False) -> Frames:
        """The last message; `truncated` when the stream broke off rather than ended."""
        fits = self._size <= self._limit
        held = self._release()
        lines = self._shape == "document" and fits and _are_lines(held, is_all=True)
        parts = held.split(b"\n") if lines else [held]
        found = [part.removesuffix(b"\r") for part in parts if part.strip()]
        state = _state(parts[-1]) if parts[-1].strip() else "whole"
        torn = state == "begun" or (truncated and state != "whole")
        return Frames(pa.array(found, pa.binary()), torn)

    def _ended(self, chunk: bytes) -> list[bytes]:
        if self._shape == "undecided":
            chunk = self._decide(chunk)
        if self._shape == "document" and self._size <= self._limit < self._size + len(chunk):
            chunk = self._judged(chunk)
        if self._shape != "lines" or b"\n" not in chunk:
            self._hold(chunk)
            return []
        first, *middle, last = chunk.split(b"\n")
        self._hold(first)
        ended = [self._release(), *(self._cut(line) for line in middle)]
        self._hold(last)
        return [line for line in ended if line and not line.isspace()]

    def _decide(self, chunk: bytes) -> bytes:
        """Settle the shape when the first line that is not blank ends; give back the rest."""
        while b"\n" in chunk:
            line, _, rest = chunk.partition(b"\n")
            first = b"".join([*self._held, line])
            if first.removeprefix(BOM).strip():
                document = len(first) <= self._limit and _state(first) == "begun"
                self._shape = "document" if document else "lines"
                return chunk
            self._release()
            chunk = rest
        return chunk

    def _judged(self, chunk: bytes) -> bytes:
        """A document that grows too large: held as far as it may, or given back as lines."""
        room = self._limit + 1 - self._size
        held = b"".join([*self._held, chunk[:room]])
        if not _are_lines(held, is_all=False):
            return chunk
        self._shape = "lines"
        self._held, self._size = [], 0
        return held + chunk[room:]

    def _hold(self, piece: bytes) -> None:
        room = self._limit + 1 - self._size
        if room > 0 and piece:
            self._held.append(piece[:room])
            self._size += len(self._held[-1])

    def _cut(self, line: bytes) -> bytes:
        return line[: self._limit + 1].removesuffix(b"\r")

    def _release(self) -> bytes:
        held = b"".join(self._held)
        self._held, self._size = [], 0
        return held.removeprefix(BOM).removesuffix(b"\r")


def _are_lines(text: bytes, *, is_all: bool) -> bool:
    """Whether what began like a document goes on with resources that no document has there."""
    first, *later = text.split(b"\n", _LOOK + 1)
    near = [line for line in later[:_LOOK] if line.strip()]
    run = list(takewhile(_begins_resource, near))
    if not run:
        return False
    state = _state(b"\n".join([first, *run]))
    # Cut before a value, the first line takes the second one for it, and no end tells.
    ends = is_all and len(run) == len(near) and len(later) <= _LOOK
    return state == "malformed" or (ends and state == "begun")


def _begins_resource(line: bytes) -> bool:
    # In a document printed so, a comma or a bracket follows: that is no JSON by itself.
    return _RESOURCE.match(line) is not None and _state(line) != "malformed"


def _state(text: bytes) -> State:
    """Whether text is JSON, the beginning of JSON whose end is missing, or neither."""
    try:
        msgspec.json.decode(text.removeprefix(BOM), type=msgspec.Raw)
    except msgspec.DecodeError as error:
        # msgspec has one class for both, and tells them apart by this sentence alone.
        return "begun" if str(error) == "Input data was truncated" else "malformed"
    except RecursionError:
        return "malformed"
    return "whole"
