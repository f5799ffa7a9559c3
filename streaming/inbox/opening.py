"""Opening the inbox that a deployment has.

Here: which one, where the journal lies, and from which offset a journal may number. Not here: what
an inbox does.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Final

from lakehouse import delta_log
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import TABLES
from streaming.inbox.arrival import JOURNAL_PARTITION, Inbox
from streaming.inbox.journal import Journal

# As appends.py names a transaction: feed, partition, and in some tables a line of it.
_OURS: Final = re.compile(rf"(?P<feed>.+?)/{JOURNAL_PARTITION}(/.*)?", re.DOTALL)


def open_inbox(settings: Settings, lake: Lake) -> Inbox:
    """The inbox of a deployment, for storing.

    Raises:
        InboxFullError, InboxDownError, InboxFailedError: As `Inbox.put`.
        JournalDamagedError: The journal cannot be read.
    """
    if settings.inbox == "kafka":
        # Only who uses Kafka loads its client.
        from streaming.inbox.kafka_producing import KafkaInbox  # noqa: PLC0415

        return KafkaInbox(settings, journal_directory(settings, lake))
    return Journal(
        journal_directory(settings, lake),
        limit=settings.journal_bytes,
        first=first_offsets(lake),
        keep=timedelta(hours=settings.journal_hours),
    )


def journal_directory(settings: Settings, lake: Lake) -> Path:
    """Where the journal of a deployment lies."""
    return settings.journal or lake.root / "journal"


def first_offsets(lake: Lake) -> dict[str, int]:
    """Per feed, the least offset that a journaled message may have.

    Beyond what any table has, not only beyond the cut: rows of a table that is ahead of it would
    hide those of another message with the same offset.
    """
    first: dict[str, int] = {}
    for table in TABLES.values():
        for line, offset in delta_log.transactions(lake.path(table)).items():
            if found := _OURS.fullmatch(line):
                first[found["feed"]] = max(first.get(found["feed"], 0), offset + 1)
    return first
