"""The tail of a journal.

Here: what a journal's reader gives, as the dataflow's own batches. Not here: reading the database
(streaming/inbox/journal_reading.py).
"""

from collections.abc import Sequence
from pathlib import Path

from streaming.batches import Messages
from streaming.inbox.arrival import JOURNAL_PARTITION
from streaming.inbox.journal_reading import JournalReader
from streaming.live.tail import Gap, Place


class JournalTail:
    """As `Tail`, over a journal; while there is none it has nothing to give."""

    def __init__(self, directory: Path, feeds: Sequence[str]) -> None:
        """Args: feeds: The feeds that have a profile; others are not read."""
        self._directory = directory
        self._reader = JournalReader(directory)
        # SQLite hands one connection to one thread at a time: metrics have their own.
        self._beside = JournalReader(directory)
        self._feeds = tuple(feeds)

    def places(self) -> list[Place]:
        """As `Tail.places`."""
        return [(feed, JOURNAL_PARTITION) for feed in self._feeds]

    def unknown_feeds(self) -> list[str]:
        """As `Tail.unknown_feeds`."""
        return sorted(set(self._beside.feeds()) - set(self._feeds))

    def parts_changed(self) -> bool:
        """As `Tail.parts_changed`: never, a journal's feeds are those that have a profile."""
        return False

    def changed(self) -> bool:
        """As `Tail.changed`."""
        return self._reader.changed()

    def read(self, place: Place, offset: int, messages: int, size: int) -> Messages | Gap | None:
        """As `Tail.read`."""
        feed, partition = place
        found = self._reader.read(feed, offset, messages, size)
        if not len(found):
            return None
        if found.first_offset > offset:
            return Gap(offset, found.first_offset - 1, "journal_lost")
        return Messages(
            feed,
            partition,
            found.first_offset,
            found.received_at,
            found.raw,
            found.rejects,
            found.originals,
        )

    def next_offset(self, place: Place) -> int | None:
        """As `Tail.next_offset`."""
        return self._beside.feeds().get(place[0])

    def close(self) -> None:
        """As `Tail.close`."""
        self._reader.close()
        self._beside.close()
