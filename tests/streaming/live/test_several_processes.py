"""Several processes give the tables of one, end together, and leave nothing behind."""

import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lakehouse.errors import LakeLockedError
from lakehouse.lake import Lake
from lakehouse.lock import exclusive
from tests.streaming.feeds import sample_messages
from tests.streaming.live.conftest import Running
from tests.streaming.live.ward import Ward, own_feeds

COUNT = 500
FEEDS = ("north", "south")


def messages_of(feed: str) -> list[bytes]:
    """The sample's, of a facility that bears the feed's name."""
    return [message.replace(b"BIDMC", feed.encode()) for message in sample_messages(COUNT)]


def test_two_processes_give_the_tables_of_one(
    tmp_path: Path, start_stream: Running, wait: Callable[..., None]
) -> None:
    feeds = own_feeds(tmp_path / "feeds", north={}, south={})
    alone, shared = (Ward(tmp_path / name, feeds=feeds) for name in ("alone", "shared"))
    for feed in FEEDS:
        alone.put(messages_of(feed), feed)
    alone.stream(lambda: all(alone.has(COUNT, feed)() for feed in FEEDS))

    for feed in FEEDS:
        shared.put(messages_of(feed)[: COUNT // 2], feed)
    parent = start_stream(shared, "-n", "2")
    for feed in FEEDS:
        wait(shared.has(COUNT // 2, feed))
        shared.put(messages_of(feed)[COUNT // 2 :], feed)
    wait(lambda: all(shared.has(COUNT, feed)() for feed in FEEDS))
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(15) == 0
    assert shared.contents() == alone.contents()


def test_processes_do_not_outlive_the_one_that_started_them(
    ward: Ward, start_stream: Running, wait: Callable[..., None]
) -> None:
    ward.put(sample_messages(20))
    parent = start_stream(ward, "-n", "2")
    wait(ward.has(20))
    parent.kill()
    # The lock is lent to the others: it is free once the last of them is gone.
    wait(lambda: _is_free(ward.lake), 20)


def test_one_that_dies_ends_all(
    ward: Ward, start_stream: Running, wait: Callable[..., None]
) -> None:
    # Only the process that reads the feed meets the failpoint.
    parent = start_stream(ward, "-n", "2", PULSEHOUSE_FAILPOINT="stream.read:1")
    ward.put(sample_messages(20))
    assert parent.wait(60) == 1
    assert "the others end too" in start_stream.told()
    assert _is_free(ward.lake)


def _is_free(lake: Lake) -> bool:
    with suppress(LakeLockedError), exclusive(lake):
        return True
    return False
