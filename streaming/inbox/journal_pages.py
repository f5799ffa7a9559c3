"""The records that lie in a torn database, page by page, whatever SQLite makes of it.

Here: every whole row of a table's leaves, out of the database and its log, as SQLite's file format
(sqlite.org/fileformat2) lays them. Not here: which of them are messages (journal_salvage.py).

A page is a leaf or it is not: nothing that leads to it is needed, neither the file's header nor the
tree. So one bad page costs its own rows. What is found may be of old: whoever asks has checksums.
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LEAF: Final = 0x0D
PAGE_BYTES: Final = 4096
SIZES: Final = frozenset(1 << power for power in range(9, 17))
LOG_HEADER: Final = 32
FRAME_HEADER: Final = 24
# Serial types of integers, and how many bytes each has; 8 and 9 are the numbers 0 and 1.
_INTEGERS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_ZERO, _ONE, _BLOB = 8, 9, 12

Value = int | bytes | None
Row = tuple[int, list[Value]]


@dataclass(frozen=True, slots=True)
class _Images:
    """The pages of a database and of its log, as they lie there; a number may have several."""

    size: int
    pages: list[tuple[int, memoryview]]

    def numbered(self) -> dict[int, list[memoryview]]:
        """The images of each page, newest first."""
        found: dict[int, list[memoryview]] = {}
        for number, page in self.pages:
            found.setdefault(number, []).insert(0, page)
        return found


def rows(database: Path, log: Path) -> Iterator[Row]:
    """Every row that can be read as one, with its number; those of the database come first."""
    whole, frames = _content(database), _content(log)
    images = _images(whole, frames)
    numbered = images.numbered()
    for _, page in images.pages:
        if page[0] == LEAF:
            yield from _leaf(page, images.size, numbered)


def _content(path: Path) -> memoryview:
    """A file's bytes, read when they are looked at."""
    if not path.exists() or not path.stat().st_size:
        return memoryview(b"")
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _images(whole: memoryview, frames: memoryview) -> _Images:
    size = _page_size(whole, frames)
    pages = [
        (place // size + 1, whole[place : place + size])
        for place in range(0, len(whole) - size + 1, size)
    ]
    step = FRAME_HEADER + size
    for place in range(LOG_HEADER, len(frames) - step + 1, step):
        number = int.from_bytes(frames[place : place + 4])
        pages.append((number, frames[place + FRAME_HEADER : place + step]))
    return _Images(size, pages)


def _page_size(whole: memoryview, frames: memoryview) -> int:
    said = int.from_bytes(whole[16:18])
    for size in (1 << 16 if said == 1 else said, int.from_bytes(frames[8:12])):
        if size in SIZES:
            return size
    return PAGE_BYTES


def _leaf(page: memoryview, size: int, numbered: dict[int, list[memoryview]]) -> Iterator[Row]:
    cells = int.from_bytes(page[3:5])
    for at in range(8, min(8 + 2 * cells, size - 1), 2):
        try:
            number, payload = _cell(page, int.from_bytes(page[at : at + 2]), size, numbered)
            yield number, _values(payload)
        except (IndexError, ValueError):
            continue


def _cell(
    page: memoryview, at: int, size: int, numbered: dict[int, list[memoryview]]
) -> tuple[int, bytes]:
    length, at = _varint(page, at)
    number, at = _varint(page, at)
    most = size - 35
    if length <= most:
        return number, bytes(page[at : at + length])
    least = (size - 12) * 32 // 255 - 23
    here = least + (length - least) % (size - 4)
    here = here if here <= most else least
    following = int.from_bytes(page[at + here : at + here + 4])
    rest = _overflow(following, length - here, size, numbered)
    return number, bytes(page[at : at + here]) + rest


def _overflow(
    following: int, length: int, size: int, numbered: dict[int, list[memoryview]]
) -> bytes:
    """What of a row lies on pages of its own; their newest images."""
    parts: list[memoryview] = []
    while length > 0:
        if following not in numbered:
            msg = "a page is missing"
            raise ValueError(msg)
        page = numbered[following][0]
        parts.append(page[4 : 4 + min(length, size - 4)])
        length -= size - 4
        following = int.from_bytes(page[:4])
    return b"".join(parts)


def _varint(page: memoryview | bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        byte = page[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 its highest bit says that more follow
            return value, at + place + 1
    return value << 8 | page[at + 8], at + 9


def _values(payload: bytes) -> list[Value]:
    end, at = _varint(payload, 0)
    kinds: list[int] = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[Value] = []
    for kind in kinds:
        length = _length(kind)
        if at + length > len(payload):
            msg = "a row is cut short"
            raise ValueError(msg)
        values.append(_value(kind, payload[at : at + length]))
        at += length
    return values


def _length(kind: int) -> int:
    if kind >= _BLOB:
        return (kind - _BLOB) // 2
    if kind in {0, _ZERO, _ONE}:
        return 0
    if kind not in _INTEGERS:
        msg = "no kind of value that a journal has"
        raise ValueError(msg)
    return _INTEGERS[kind]


def _value(kind: int, content: bytes) -> Value:
    if kind >= _BLOB:
        return content
    if kind in {_ZERO, _ONE}:
        return kind - _ZERO
    return int.from_bytes(content, signed=True) if kind else None
