"""A process that stores messages one by one and says so. Arguments: directory, count, put|trim."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lakehouse.cuts import Cut
from lakehouse.errors import LakehouseError
from streaming.inbox.arrival import JOURNAL_PARTITION
from streaming.inbox.journal import Journal
from streaming.inbox.journal_trimming import trim
from tests.streaming.inbox.journaling import FEED, arrival

# So small that its log is brought into the database every few messages.
LIMIT = 4 * 1024**2


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(directory: Path, count: int, what: str) -> None:
    journal = Journal(directory, limit=LIMIT, first={}, keep=timedelta())
    for number in range(count):
        journal.put([arrival(number, size=700)])
        say(f"stored {number}")
    if what == "trim":
        trim(journal, Cut({(FEED, JOURNAL_PARTITION): count // 2}), datetime.now(UTC))
        say("trimmed")
    journal.close()


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
    except LakehouseError as error:
        say(type(error).__name__)
        # As the command leaves: without closing what failed.
        os._exit(1)
