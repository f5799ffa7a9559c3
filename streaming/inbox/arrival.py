"""A message on its way in, and what takes it: the seam between every road and every inbox.

Here: `Arrival`, `Inbox` and the partitions by which one tells where a message lay. Not here: any
inbox (journal.py, Kafka's), or any road (streaming/gateway).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from lakehouse.errors import LakehouseError

Road = Literal["mllp", "fhir", "drop", "bulk", "quarantine"]

# A partition's number tells what its offsets count: replayed files have those below.
JOURNAL_PARTITION: Final = 1_000
KAFKA_PARTITIONS: Final = 2_000


class InboxFullError(LakehouseError):
    """The inbox takes nothing now; what was put is not in it, and may be put again later."""


class InboxDownError(LakehouseError):
    """The inbox cannot be reached; what was put may not be in it."""

    exit_code = 5


class InboxFailedError(LakehouseError):
    """The disk under the inbox failed: the process must end, and what was put is not promised."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as a road brings it.

    `received_at` is UTC in microseconds. `refused` is a reason code by which the road, not the
    decoder, quarantines it. `original` is the (partition, offset) in the same feed of the
    quarantined message that this one replays.
    """

    feed: str
    raw: bytes
    received_at: int
    road: Road
    refused: str | None = None
    original: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class FilePart:
    """What marks a stretch of a file as stored, in the same commit as its messages.

    `sha256` names the file by its bytes; `upto` is how many of its messages are stored with this
    put; `whole` says that these are all.
    """

    feed: str
    sha256: str
    upto: int
    whole: bool


class Inbox(Protocol):
    """Where messages are durable. Safe to call from several threads, and from several processes."""

    def put(self, arrivals: Sequence[Arrival], file: FilePart | None = None) -> None:
        """Store messages, all or none, in order; on return they survive a power loss.

        Raises:
            InboxFullError: No room; nothing was stored.
            InboxDownError: It could not be reached; put again.
            InboxFailedError: The disk failed; end the process.
        """

    def file_progress(self, feed: str, sha256: str) -> FilePart | None:
        """How much of a file is stored; None where nothing of it is."""

    def check_room(self) -> None:
        """Say whether a message could be stored now; used by health and before large files.

        Raises:
            InboxFullError, InboxDownError, InboxFailedError: As `put`.
        """

    def close(self) -> None:
        """Let go of files and connections."""
