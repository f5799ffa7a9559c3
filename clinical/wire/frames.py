"""What every splitter of a file's bytes gives.

Here: the shape. Not here: where messages begin and end (hl7/frames.py, fhir/frames.py).
"""

from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Frames:
    """Messages of a file. `truncated_last` says that the last of them broke off."""

    messages: pa.Array
    truncated_last: bool = False


class Splitter(Protocol):
    """Finds the messages of one file, fed in chunks of any size."""

    @property
    def saw_any(self) -> bool:
        """Whether anything so far began like a message of this format."""

    def feed(self, chunk: bytes) -> Frames:
        """The messages that end in this chunk."""

    def close(self, *, truncated: bool = False) -> Frames:
        """The last messages; `truncated` when the stream broke off rather than ended."""
