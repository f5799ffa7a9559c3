"""Messages that go back into the journal, under the offsets they had.

Here: what the journal lacks of a run of offsets, and storing messages out of a damaged lake's files
again. Not here: finding those files (lakehouse/doctor).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pyarrow as pa

from lakehouse.doctor.planning import Gap
from lakehouse.doctor.repairing import Run, Source
from streaming.inbox.arrival import JOURNAL_PARTITION, KAFKA_PARTITIONS
from streaming.inbox.journal_faults import fault
from streaming.inbox.journal_files import NAME, PLACE, checksum, opened
from streaming.inbox.journal_reading import DAMAGED, JournalReader

# The road of a message is not stored in the lake, and nobody asks for it once it is journaled.
ROAD: Final = "restored"
_PUT: Final = "insert or ignore into messages values (?, ?, ?, ?, ?, ?, ?, ?)"
_PLACE: Final = (
    "insert into places (feed, next_offset) values (?, ?)"
    " on conflict (feed) do update set next_offset = max(next_offset, excluded.next_offset)"
    " returning place"
)
_DAMAGED: Final = "delete from messages where key = ? and checksum <> ?"
_ROWS: Final = 1_000
_BYTES: Final = 16 * 1024**2


class JournalGiver:
    """A journal as a repair knows it; it is made where it is missing and has to take something."""

    def __init__(self, directory: Path) -> None:
        """Args: directory: where the journal lies."""
        self._directory = directory

    def source(self, partition: int) -> Source:
        """Where messages of such a partition come from."""
        if partition >= KAFKA_PARTITIONS:
            return "broker"
        return "journal" if partition == JOURNAL_PARTITION else "file"

    def lacks(self, gap: Gap) -> list[Run]:
        """The offsets of a gap that the journal has not, or not as they were stored."""
        reader = JournalReader(self._directory)
        missing: list[Run] = []
        following = gap.first
        try:
            for offset in _whole(reader, gap):
                if offset > following:
                    missing.append((following, offset - 1))
                following = offset + 1
        finally:
            reader.close()
        return [*missing, (following, gap.last)] if following <= gap.last else missing

    def put_back(self, gap: Gap, rows: pa.Table) -> None:
        """Store messages under their own offsets; those that are there as they were stay.

        Raises:
            InboxFullError, InboxFailedError, JournalDamagedError: As of the journal.
        """
        path = self._directory / NAME
        try:
            with closing(opened(path)) as database:
                database.execute("begin immediate")
                (place,) = database.execute(_PLACE, (gap.feed, gap.last + 1)).fetchone()
                for row in _records(place, rows):
                    # What is torn in the journal gives way to what the lake has of it.
                    database.execute(_DAMAGED, (row[0], row[3]))
                    database.execute(_PUT, row)
                database.execute("commit")
        except sqlite3.Error as error:
            raise fault(error, path) from None


def _whole(reader: JournalReader, gap: Gap) -> Iterator[int]:
    """The offsets of a gap whose records are what was stored."""
    offset = gap.first
    while offset <= gap.last:
        found = reader.read(gap.feed, offset, _ROWS, _BYTES)
        if not len(found):
            return
        for place, reject in enumerate(found.rejects.to_pylist()):
            if reject != DAMAGED and found.first_offset + place <= gap.last:
                yield found.first_offset + place
        offset = found.first_offset + len(found)


def _records(place: int, rows: pa.Table) -> Iterator[tuple[object, ...]]:
    received_at = rows["received_at"].cast(pa.int64())
    for row, at in zip(rows.to_pylist(), received_at.to_pylist(), strict=True):
        key = place * PLACE + row["offset"]
        # Only what the road refused was said by the road; every other reason is found out anew.
        refused = row["reason"] if row["stage"] == "frame" else None
        summed = checksum(key, at, row["raw"], refused)
        original = (row["original_partition"], row["original_offset"])
        yield key, at, row["raw"], summed, ROAD, refused, *original
