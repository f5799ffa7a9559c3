"""Salvage: a torn journal gives what is whole, at its own offset, and never anything else."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from streaming.inbox.arrival import InboxDownError
from streaming.inbox.journal_checking import journal_findings
from streaming.inbox.journal_faults import JournalDamagedError
from streaming.inbox.journal_files import NAME, SALVAGED
from streaming.inbox.journal_reading import DAMAGED, JournalReader
from streaming.inbox.journal_salvage import ASIDE, salvage
from tests.streaming.inbox.journaling import FEED, arrivals, held, numbered, opened

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
PAGE = 4096
SIZES = (20, 300, 5_000, 40_000)
LEAF = 0x0D


def stored(directory: Path, groups: int = 40) -> int:
    """A closed journal with messages of one page and of several; how many."""
    journal = opened(directory)
    for group in range(groups):
        journal.put(arrivals(5, 5 * group, size=SIZES[group % len(SIZES)]))
    journal.close()
    return 5 * groups


def zeroed(path: Path, pages: list[int]) -> None:
    content = bytearray(path.read_bytes())
    for page in pages:
        content[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    path.write_bytes(content)


def leaves(path: Path) -> list[int]:
    """The pages with rows, but for those of the schema and the places."""
    content = path.read_bytes()
    return [n for n in range(4, len(content) // PAGE) if content[n * PAGE] == LEAF]


def given(directory: Path) -> dict[int, bytes]:
    """Offset and message of all that a journal gives as it was stored."""
    found: dict[int, bytes] = {}
    reader = JournalReader(directory)
    try:
        following, offset = reader.feeds()[FEED], 0
        while offset < following:
            part = reader.read(FEED, offset, 1_000, 1 << 40)
            if not len(part):
                break
            rows = zip(part.raw.to_pylist(), part.rejects.to_pylist(), strict=True)
            for place, (raw, reject) in enumerate(rows):
                if reject != DAMAGED:
                    found[part.first_offset + place] = raw.rstrip(b".")
            offset = part.first_offset + len(part)
    finally:
        reader.close()
    return found


def test_a_page_that_is_lost_costs_its_own_messages_alone(tmp_path: Path) -> None:
    count = stored(tmp_path)
    path = tmp_path / NAME
    zeroed(path, [leaves(path)[3]])
    assert {one.code for one in journal_findings(tmp_path, None, {})} & {
        "journal_torn",
        "journal_unreadable",
    }
    found = salvage(tmp_path, {}, NOW)
    rows = given(tmp_path)
    missing = {n for first, last in found.missing[FEED] for n in range(first, last + 1)}
    assert missing
    assert found.following == {FEED: count}
    assert rows == {n: raw for n, raw in enumerate(numbered(count)) if n not in missing}
    assert journal_findings(tmp_path, None, {}) == []


def test_a_journal_without_its_first_page_gives_everything(tmp_path: Path) -> None:
    count = stored(tmp_path)
    zeroed(tmp_path / NAME, [0])
    found = salvage(tmp_path, {}, NOW)
    assert (found.messages, found.missing) == (count, {})
    assert held(tmp_path) == numbered(count)


def test_what_is_only_in_the_log_is_found_though_the_database_is_noise(tmp_path: Path) -> None:
    journal = opened(tmp_path / "live")
    journal.put(arrivals(50, size=300))
    shutil.copytree(tmp_path / "live", tmp_path / "torn")
    journal.close()
    (tmp_path / "torn" / NAME).write_bytes(b"\xff noise" * 400)
    salvage(tmp_path / "torn", {}, NOW)
    assert held(tmp_path / "torn") == numbered(50)


@pytest.mark.parametrize("seed", range(8))
def test_flipped_bits_never_make_another_message(tmp_path: Path, seed: int) -> None:
    count = stored(tmp_path)
    chance = np.random.default_rng(seed)
    content = bytearray((tmp_path / NAME).read_bytes())
    for _ in range(200):
        content[chance.integers(len(content))] ^= 1 << int(chance.integers(8))
    (tmp_path / NAME).write_bytes(content)
    salvage(tmp_path, {}, NOW)
    wanted = dict(enumerate(numbered(count)))
    assert given(tmp_path).items() <= wanted.items()


def test_the_torn_files_lie_aside_as_they_were(tmp_path: Path) -> None:
    stored(tmp_path)
    zeroed(tmp_path / NAME, [leaves(tmp_path / NAME)[0]])
    before = (tmp_path / NAME).read_bytes()
    found = salvage(tmp_path, {}, NOW)
    assert found.folder.parent == tmp_path / ASIDE
    assert (found.folder / NAME).read_bytes() == before


def test_numbering_goes_on_behind_what_was_lost_at_the_end(tmp_path: Path) -> None:
    count = stored(tmp_path)
    path = tmp_path / NAME
    zeroed(path, [leaves(path)[-1]])
    salvage(tmp_path, {}, NOW)
    journal = opened(tmp_path)
    journal.put(arrivals(1, count))
    journal.close()
    assert given(tmp_path)[count] == numbered(1, count)[0]


def test_a_journal_that_somebody_has_open_is_left_alone(tmp_path: Path) -> None:
    stored(tmp_path)
    # Locks of one process do not keep itself out: another one has it open.
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]);"
            " d.execute('select count(*) from messages').fetchone(); print('open', flush=True);"
            " sys.stdin.read()",
            str(tmp_path / NAME),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(InboxDownError):
            salvage(tmp_path, {}, NOW)
    finally:
        holder.kill()
        holder.wait()
    assert not (tmp_path / ASIDE).exists()


def test_a_salvage_that_broke_off_is_told_refused_and_finished(tmp_path: Path) -> None:
    count = stored(tmp_path)
    whole = tmp_path / "whole"
    shutil.copytree(tmp_path, whole, ignore=lambda *_: ["whole"])
    (tmp_path / NAME).rename(tmp_path / SALVAGED)
    assert [one.code for one in journal_findings(tmp_path, None, {})] == ["journal_torn"]
    with pytest.raises(JournalDamagedError, match="doctor --repair"):
        opened(tmp_path)
    salvage(tmp_path, {}, NOW)
    assert held(tmp_path) == numbered(count)
    opened(tmp_path).close()


def test_only_what_the_lake_lacks_counts_as_missing(tmp_path: Path) -> None:
    count = stored(tmp_path)
    path = tmp_path / NAME
    zeroed(path, [leaves(path)[2]])
    assert salvage(tmp_path, {FEED: count}, NOW).missing == {}
