"""Forgetting: what every table has, the journal need not keep for ever.

Here: deleting messages that the cut has passed, in steps so short that a put never waits long. Not
here: when (the gateway asks every half minute), or what the cut is (lakehouse/cuts.py).

The file does not shrink: its free pages take the next messages. So the journal's file is as large
as it ever had to be, and never larger than its limit.
"""

import sqlite3
import time
from datetime import datetime
from typing import Final

from lakehouse.cuts import Cut
from lakehouse.failpoints import reach
from streaming.inbox.arrival import JOURNAL_PARTITION
from streaming.inbox.journal import Journal
from streaming.inbox.journal_files import PLACE
from streaming.inbox.journal_rows import ROW_BYTES

# What one step deletes at most; a step is one commit, and has to fit into the log.
STEP_MESSAGES: Final = 250
STEP_BYTES: Final = 4 * 1024**2
_FORGETTABLE: Final = (
    "select key, received_at, length(raw) from messages where key >= ? and key < ?"
    " order by key limit ?"
)


def trim(journal: Journal, at: Cut, now: datetime) -> int:
    """Forget messages that the cut has passed and that are older than the journal keeps them.

    Where the journal has no room for what need not be kept, whatever the cut has passed is
    forgotten, whatever its age.

    Args:
        journal: The journal, open for writing.
        at: The cut; what lies beyond it is never forgotten.
        now: The time.

    Returns:
        How many bytes were forgotten.

    Raises:
        InboxFullError, InboxDownError, InboxFailedError: As `Inbox.put`.
    """
    reach("journal.before_trim")
    older = int((now - journal.keep).timestamp() * 1_000_000)
    forgotten = sum(
        _forget(journal, place * PLACE, at.next_offset(feed, JOURNAL_PARTITION), older)
        for place, feed in journal.places()
    )
    reach("journal.trimmed")
    return forgotten


def _forget(journal: Journal, first: int, offsets: int, older: int) -> int:
    """Forget a place's messages below an offset and before a time, oldest first."""
    size = min(STEP_BYTES, journal.log_bytes)

    def step(database: sqlite3.Connection) -> int:
        before = None if journal.is_pressed else older
        return _step(database, first, first + offsets, before, size)

    forgotten = 0
    began = time.monotonic()
    while touched := journal.upkeep(step):
        forgotten += touched
        # Those who put have the journal for as long as the step had it.
        time.sleep(time.monotonic() - began)
        began = time.monotonic()
    return forgotten


def _step(database: sqlite3.Connection, first: int, end: int, older: int | None, most: int) -> int:
    last, touched = None, 0
    for key, received_at, length in database.execute(_FORGETTABLE, (first, end, STEP_MESSAGES)):
        if (older is not None and received_at >= older) or touched >= most:
            break
        last, touched = key, touched + length + ROW_BYTES
    if last is not None:
        database.execute("delete from messages where key >= ? and key <= ?", (first, last))
    return touched
