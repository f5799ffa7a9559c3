"""Whatever moment a stream is killed at, nothing is lost, doubled or left to do by hand."""

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lakehouse.lock import NAME
from tests.streaming.feeds import replayed, sample_messages, write
from tests.streaming.live.conftest import Running
from tests.streaming.live.ward import Ward, comparable

COUNT = 900
# Name and occurrence: the third append of a table is in the middle of an epoch.
KILLS = (
    "stream.read:1",
    "stream.epoch_closed:1",
    "lake.before_commit:3",
    "lake.committed:3",
    "lake.synced:4",
    "lake.cut_moved:1",
)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replayed")
    replayed(folder / "lake", write(folder / "all.hl7", sample_messages(COUNT)))
    return folder / "lake"


def test_a_stream_killed_at_every_failpoint_gives_the_tables_of_a_replay(
    ward: Ward, start_stream: Running, expected: Path
) -> None:
    pieces = _pieces(sample_messages(COUNT), len(KILLS))
    for failpoint, piece in zip(KILLS, pieces, strict=True):
        ward.put(piece)
        process = start_stream(ward, PULSEHOUSE_FAILPOINT=failpoint)
        assert process.wait(90) == -signal.SIGKILL, failpoint
    ward.stream(ward.has(COUNT))
    assert ward.contents() == comparable(expected)


def test_sigterm_under_load_drains_and_the_next_stream_goes_on(
    ward: Ward, start_stream: Running, expected: Path, wait: Callable[..., None]
) -> None:
    messages = sample_messages(COUNT)
    ward.put(messages[:100])
    process = start_stream(ward)
    wait(ward.has(1))
    stopped = threading.Event()
    sender = threading.Thread(target=_send, args=(ward, iter(messages[100:]), stopped))
    sender.start()
    try:
        wait(ward.has(150))
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    finally:
        stopped.set()
        sender.join()
    ward.stream(ward.has(COUNT))
    assert ward.contents() == comparable(expected)


def _send(ward: Ward, messages: Iterator[bytes], stopped: threading.Event) -> None:
    """Ten at a time with a pause between, until nobody needs the load; then the rest."""
    left = list(messages)
    while left and not stopped.wait(0.02):
        ward.put(left[:10])
        del left[:10]
    if left:
        ward.put(left)


def _pieces(messages: list[bytes], count: int) -> list[list[bytes]]:
    size = -(-len(messages) // count)
    return [messages[start : start + size] for start in range(0, len(messages), size)]


def test_a_stream_that_stood_still_while_another_took_over_commits_nothing_more(
    ward: Ward, start_stream: Running, expected: Path, wait: Callable[..., None]
) -> None:
    messages = sample_messages(COUNT)
    ward.put(messages[:300])
    paused = start_stream(ward)
    wait(ward.has(300))
    paused.send_signal(signal.SIGSTOP)
    # As no one should: the lock that the paused one holds is moved out of the way.
    (ward.root / NAME).rename(ward.root / "aside.lock")
    ward.put(messages[300:600])
    ward.stream(ward.has(600))
    paused.send_signal(signal.SIGCONT)
    ward.put(messages[600:])
    assert paused.wait(60) == 1
    assert "took over" in start_stream.told()
    assert ward.reached() == 599
    ward.stream(ward.has(COUNT))
    assert ward.contents() == comparable(expected)
