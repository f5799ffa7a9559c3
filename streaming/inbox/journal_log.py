"""Whether the journal's write-ahead log is damaged inside, which SQLite never says.

Here: the log's frames and their checksums, as SQLite's file format (sqlite.org/fileformat2, "The
Write-Ahead Log") lays them. Not here: what is done about it (journal_salvage.py).

SQLite reads a log up to its first frame that does not check, and takes the rest for a torn end. It
may be one: what a power loss tore was not fsynced, so it is part of the last commit. Where two
commits or more follow a bad frame, the frame was on the disk once, with all that follows it.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streaming.inbox.journal_pages import FRAME_HEADER, LOG_HEADER, PAGE_BYTES, SIZES

# The last bit of the first word says in which order of bytes checksums are worked out.
MAGIC: Final = 0x377F0682
# The commit that a power loss tore may have its end on the disk; the next one began after an fsync.
COMMITS: Final = 2
# Frames that are checked together: some MiB at a time.
_TOGETHER: Final = 512
_HEADER_WORDS: Final = 6

Words = NDArray[np.uint32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Log:
    """A log as words: its header, and a line for each frame, header and page."""

    header: Words
    frames: Words
    order: str


def is_damaged(log: Path) -> bool:
    """Whether the header or a frame is bad, and two commits or more after it are whole.

    Raises:
        OSError: The log cannot be read.
    """
    if not log.exists():
        return False
    content = log.read_bytes()
    # A log that begins anew while it is read has another header, and frames of both times.
    if len(content) < LOG_HEADER or _header(log) != content[:LOG_HEADER]:
        return False
    found = _read(content)
    good = _good(found)
    if good.all():
        return False
    first = int(np.argmin(good))
    # The first line is the header's.
    commits = good[first + 1 :] & (found.frames[first:, 1] != 0)
    return int(commits.sum()) >= COMMITS


def _header(log: Path) -> bytes:
    with log.open("rb") as file:
        return file.read(LOG_HEADER)


def _read(content: bytes) -> _Log:
    header = np.frombuffer(content[:LOG_HEADER], ">u4").astype(np.uint32)
    size = int(header[2]) if int(header[2]) in SIZES else PAGE_BYTES
    step = FRAME_HEADER + size
    count = (len(content) - LOG_HEADER) // step
    raw = content[LOG_HEADER : LOG_HEADER + count * step]
    frames = np.frombuffer(raw, ">u4").astype(np.uint32).reshape(count, step // 4)
    return _Log(header, frames, ">u4" if int(header[0]) == MAGIC | 1 else "<u4")


def _good(log: _Log) -> Flags:
    """The header, and the frames of its time, whose checksum follows from the one before."""
    nothing = np.zeros((1, 2), np.uint32)
    whole = np.vstack([nothing, log.header[6:8]])
    checked = _checks(log.header[None, :_HEADER_WORDS], whole, log.order)
    is_whole = bool(checked[0]) and int(log.header[0]) in {MAGIC, MAGIC | 1}
    # A header that is bad does not say which frames are of its time; the first of them does.
    time = log.header[4:6] if is_whole else log.frames[:1, 2:4]
    of_now = (log.frames[:, 2:4] == time).all(axis=1)
    before = np.vstack([log.header[6:8], log.frames[:, 4:6]])
    words = np.hstack([log.frames[:, :2], log.frames[:, _HEADER_WORDS:]])
    checks = [
        _checks(words[at : at + _TOGETHER], before[at : at + _TOGETHER + 1], log.order)
        for at in range(0, len(words), _TOGETHER)
    ]
    return np.concatenate([[is_whole], of_now & np.concatenate([*checks, []]).astype(np.bool_)])


def _checks(told: Words, stored: Words, order: str) -> Flags:
    """Of lines of words, with the checksum before each and of it, whether the second follows."""
    words = told.astype(">u4").view(order).astype(np.uint32)
    even, odd = words[:, 0::2], words[:, 1::2]
    powers = _powers(even.shape[1])
    first, both = even, even + odd
    found = []
    for row in (0, 1):
        # `dtype` keeps the sums in 32 bits, where they wrap as the checksum does.
        carried = powers[0, row] * stored[:-1]
        added = first * powers[1:, row, 0] + both * powers[1:, row, 1]
        found.append(carried.sum(axis=1, dtype=np.uint32) + added.sum(axis=1, dtype=np.uint32))
    same: Flags = (np.column_stack(found).astype(np.uint32) == stored[1:]).all(axis=1)
    return same


@cache
def _powers(pairs: int) -> NDArray[np.uint32]:
    """What becomes of a checksum after all pairs of words, then of each pair after those behind.

    A pair (a, b) makes (s, t) into (s + t + a, s + 2t + a + b): a matrix, and (a, a + b) added.
    """
    step = np.array([[1, 1], [1, 2]], np.uint32)
    powers = np.empty((pairs + 1, 2, 2), np.uint32)
    power = np.eye(2, dtype=np.uint32)
    for behind in range(pairs):
        powers[pairs - behind] = power
        power = (power @ step).astype(np.uint32)
    powers[0] = power
    return powers
