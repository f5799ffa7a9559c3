"""A file's bytes as messages: one per line of NDJSON, or the file as one JSON document.

Here: telling the two apart and splitting chunk by chunk. Not here: what is in a message
(messages.py), or where bytes come from and how they are unpacked.

The first line decides. If it is unfinished JSON the file is one document, printed over several
lines; otherwise each line is a message, also when the first one is no JSON at all.
"""

from typing import Literal

import msgspec
import pyarrow as pa

from clinical.wire.fhir.messages import BOM
from clinical.wire.frames import Frames
from clinical.wire.profile import Limits

Shape = Literal["undecided", "lines", "document"]

_LIMIT = Limits().message_bytes


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
        last = self._release()
        if not last.strip():
            return Frames(pa.array([], pa.binary()))
        torn = _ends_early(last) or (truncated and not _is_whole(last))
        return Frames(pa.array([last], pa.binary()), torn)

    def _ended(self, chunk: bytes) -> list[bytes]:
        if self._shape == "undecided":
            chunk = self._decide(chunk)
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
                document = len(first) <= self._limit and _ends_early(first)
                self._shape = "document" if document else "lines"
                return chunk
            self._release()
            chunk = rest
        return chunk

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


def _ends_early(text: bytes) -> bool:
    """Whether text is the beginning of JSON whose end is missing."""
    try:
        msgspec.json.decode(text.removeprefix(BOM), type=msgspec.Raw)
    except msgspec.DecodeError as error:
        # msgspec has one class for both, and tells them apart by this sentence alone.
        return str(error) == "Input data was truncated"
    except RecursionError:
        return False
    return False


def _is_whole(text: bytes) -> bool:
    try:
        msgspec.json.decode(text.removeprefix(BOM), type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
