"""What the journal's tests share: messages to store, and what a journal holds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from streaming.inbox.arrival import Arrival
from streaming.inbox.journal import Journal
from streaming.inbox.journal_reading import JournalReader

FEED = "ward"
AT = 1_767_600_000_000_000
LIMIT = 64 * 1024**2
ROOT = Path(__file__).resolve().parents[3]
STORING = (sys.executable, "-m", "tests.streaming.inbox.storing")


def arrival(number: int, feed: str = FEED, size: int = 0, **more) -> Arrival:
    """A message that says its number, padded to a size."""
    raw = b"message %d" % number
    return Arrival(feed, raw.ljust(size, b"."), AT + number, "mllp", **more)


def arrivals(count: int, first: int = 0, feed: str = FEED, size: int = 0) -> list[Arrival]:
    """Messages with consecutive numbers."""
    return [arrival(first + number, feed, size) for number in range(count)]


def opened(directory: Path, limit: int = LIMIT, **more) -> Journal:
    """A journal with room."""
    return Journal(directory, limit=limit, **{"first": {}, **more})


def held(directory: Path, feed: str = FEED) -> list[bytes]:
    """Every message that a journal holds of a feed, in order, without padding."""
    reader = JournalReader(directory)
    try:
        stretch = reader.read(feed, 0, 1_000_000, 1 << 40)
        return [raw.rstrip(b".") for raw in stretch.raw.to_pylist()]
    finally:
        reader.close()


def numbered(count: int, first: int = 0) -> list[bytes]:
    """What `held` gives for `arrivals`."""
    return [one.raw for one in arrivals(count, first)]


def told(process: subprocess.CompletedProcess) -> int:
    """How many messages a storing process said were stored."""
    return sum(line.startswith("stored") for line in process.stdout.splitlines())


def store(directory: Path, count: int, *before: str, failpoint: str = "", what: str = "put"):
    """Have a process of its own store messages; `before` is what it runs under."""
    environ = {**os.environ, "PULSEHOUSE_FAILPOINT": failpoint} if failpoint else None
    return subprocess.run(
        [*before, *STORING, directory, str(count), what],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
        env=environ,
    )


def skip_unless(there: object, reason: str) -> None:
    """Skip a test that needs what this machine has not."""
    if not there:
        pytest.skip(reason)
