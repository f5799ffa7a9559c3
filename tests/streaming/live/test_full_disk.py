"""A full disk under the lake is waited for: nothing is lost or half committed, and it goes on."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.errors import AppendError
from streaming.live.member import Member
from streaming.live.patience import Patience
from streaming.live.stopping import Stopping
from tests.streaming.feeds import replayed, sample_messages, write
from tests.streaming.live.ward import Ward, comparable

FULL = AppendError("could not append to table `scores` in /l: No space left on device; mend that")
OTHER = AppendError("could not append to table `scores` in /l: SchemaMismatchError; mend that")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", place], check=True)  # noqa: S607
    yield place
    subprocess.run(["umount", "-l", place], check=True)  # noqa: S607


def test_a_stream_waits_for_room_and_then_has_the_tables_of_a_replay(
    small_disk: Path, tmp_path: Path
) -> None:
    ward = Ward(small_disk / "lake", journal=tmp_path / "journal")
    messages = sample_messages(400)
    ward.put(messages[:100])
    ballast = small_disk / "ballast"

    def fill_then_free(member: Member) -> None:
        while not ward.has(100)():
            assert not member.has_ended
        _fill(ballast)
        ward.put(messages[100:])
        while member.condition.patience.cause is None:
            assert not member.has_ended
        assert member.condition.health().reason.startswith("the lake takes no rows")
        ballast.unlink()

    ward.stream(ward.has(400), fill_then_free)
    replayed(tmp_path / "replayed", write(tmp_path / "all.hl7", messages))
    assert ward.contents() == comparable(tmp_path / "replayed")


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(64 * 1024))
        except OSError:
            return


def test_only_a_full_or_read_only_disk_is_waited_for() -> None:
    patience = Patience(Stopping())
    assert patience.again(FULL)
    assert not patience.again(OTHER)


def test_whoever_wants_to_stop_does_not_wait() -> None:
    stopping = Stopping()
    stopping.wish()
    assert not Patience(stopping).again(FULL)


def test_room_again_is_told_by_the_next_commit() -> None:
    patience = Patience(Stopping())
    patience.again(FULL)
    assert patience.cause == "No space left on device"
    patience.over()
    assert patience.cause is None
