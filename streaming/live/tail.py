"""The tail of an inbox: what the dataflow needs of a journal, or of Kafka in its place.

Here: the seam, and what may be missing. Not here: any inbox (streaming/inbox), or batches and
clocks (source.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from streaming.batches import Messages

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Gap:
    """Offsets that the inbox cannot give any more, and why (`LOSS_REASONS` of the losses)."""

    first: int
    last: int
    reason: str


class Tail(Protocol):
    """An inbox as it is read. One process has one; it is used by one thread, but for `close`.

    With several processes each opens its own, and reads only the places that fall to it: so a place
    costs nothing until it is first read.
    """

    def places(self) -> Sequence[Place]:
        """Every (feed, partition) that messages may come from; fixed while the process lives."""

    def unknown_feeds(self) -> list[str]:
        """Feeds that the inbox has messages of and `places` does not name, as far as is known.

        Called from another thread, as `next_offset`.
        """

    def parts_changed(self) -> bool:
        """Whether there is a place by now that `places` does not name: open the tail anew.

        Asked as often as there are batches.
        """

    def changed(self) -> bool:
        """Whether anything may have come since this was last asked; asked 200 times a second.

        True when in doubt: the places are then read.
        """

    def read(self, place: Place, offset: int, messages: int, size: int) -> Messages | Gap | None:
        """Consecutive messages of a place from an offset on; never waits.

        A gap where the message at the offset can never be given any more, but a later one can: the
        caller writes the loss down and goes on after it. An offset beyond the newest is no gap.

        Args:
            place: One of `places`.
            offset: The first offset that is wanted.
            messages: Most messages to give.
            size: About how many bytes to give at most; at least one message is given.

        Returns:
            Messages with `received_at` as the inbox dated them, and `first_offset` equal to
            `offset`; None where there is nothing yet.

        Raises:
            InboxDownError: It cannot be reached; the caller asks again.
        """

    def next_offset(self, place: Place) -> int | None:
        """The offset after the newest message; None where unknown now. For metrics, off the path.

        Called from another thread, about once a second.
        """

    def close(self) -> None:
        """Let go of files and connections."""
