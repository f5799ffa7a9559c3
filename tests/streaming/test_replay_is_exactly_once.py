"""A replay gives the same tables however often, in whatever pieces and after whatever kill."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.streaming.feeds import contents, replayed, sample_messages, write

COUNT = 3_000
# Replays argv[2] into argv[1], slowly enough to be killed between two commits.
REPLAY = """
import sys
from pathlib import Path
from tests.streaming.feeds import replayed
print(replayed(Path(sys.argv[1]), Path(sys.argv[2])).messages)
"""


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("feed") / "all.hl7", sample_messages(COUNT))


@pytest.fixture(scope="module")
def whole(feed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("whole") / "lake"
    assert replayed(root, feed).messages == COUNT
    return root


def test_a_file_that_comes_again_adds_nothing(feed: Path, whole: Path) -> None:
    before = contents(whole)
    again = replayed(whole, feed)
    assert (again.messages, again.rows.total()) == (0, 0)
    assert contents(whole) == before


def test_five_files_give_the_tables_of_one(whole: Path, tmp_path: Path) -> None:
    messages = sample_messages(COUNT)
    cuts = [0, 411, 1100, 1101, 2203, COUNT]
    for piece in range(5):
        part = write(tmp_path / f"{piece}.hl7", messages[cuts[piece] : cuts[piece + 1]])
        # A run of its own: what the shard knows is folded anew from the lake.
        replayed(tmp_path / "lake", part)
    assert contents(tmp_path / "lake") == contents(whole)


def test_a_copy_of_a_message_is_a_duplicate_and_adds_no_fact(whole: Path, tmp_path: Path) -> None:
    messages = sample_messages(COUNT)
    replayed(tmp_path / "lake", write(tmp_path / "all.hl7", messages))
    copies = replayed(tmp_path / "lake", write(tmp_path / "copies.hl7", messages[:50]))
    assert dict(copies.dispositions) == {"duplicate": 50}
    assert set(copies.rows) == {"raw_messages"}
    assert contents(tmp_path / "lake")["observations"] == contents(whole)["observations"]


def test_another_message_under_a_known_control_id_is_a_conflict(tmp_path: Path) -> None:
    first = sample_messages(40)
    replayed(tmp_path / "lake", write(tmp_path / "first.hl7", first))
    changed = [message.replace(b"|P|2.5.1", b"|T|2.5.1") for message in first]
    found = replayed(tmp_path / "lake", write(tmp_path / "second.hl7", changed))
    assert dict(found.dispositions) == {"quarantined": 40}
    raw = contents(tmp_path / "lake")["raw_messages"].to_pylist()[40:]
    assert {row["reason"] for row in raw} == {"control_id_conflict"}
    assert [row["raw"] for row in raw] == [message.rstrip(b"\r") for message in changed]


def test_kills_at_random_moments_lose_and_double_nothing(
    feed: Path, whole: Path, tmp_path: Path
) -> None:
    seed = int(os.environ.get("PULSEHOUSE_SEED", "20260105"))
    chance = random.Random(seed)  # noqa: S311 a reproducible choice of moments
    root = tmp_path / "lake"
    killed = sum(_killed(root, feed, chance) for _ in range(6))
    assert killed, "no kill came before the end: the moments are too late"
    replayed(root, feed)
    assert contents(root) == contents(whole), f"seed {seed}"


def _killed(root: Path, feed: Path, chance: random.Random) -> bool:
    """Run a replay and kill it, between its first and its last commit where there is time."""
    with subprocess.Popen([sys.executable, "-c", REPLAY, root, feed]) as process:
        _wait_for_a_commit(root, process)
        time.sleep(chance.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        return process.returncode == -signal.SIGKILL


def _wait_for_a_commit(root: Path, process: "subprocess.Popen[bytes]") -> None:
    before = _commits(root)
    while process.poll() is None and _commits(root) == before:
        time.sleep(0.01)


def _commits(root: Path) -> int:
    return len(list(root.glob("*/_delta_log/*.json")))
