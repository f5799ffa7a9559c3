"""Files of two or four bytes a character: UTF-16 and UTF-32, which no feed is read in.

Here: telling them from a file's first bytes, and what to do about it. Not here: the character sets
that messages declare (clinical/wire/hl7/charsets.py).
"""

from typing import Final

LOOK: Final = 64
_MARKS: Final = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
# Where the one byte that is not NUL stands in a character of ASCII, by width.
_NAMES: Final = {(2, 0): "UTF-16LE", (2, 1): "UTF-16BE", (4, 0): "UTF-32LE", (4, 3): "UTF-32BE"}


def wide_charset(begin: bytes) -> str | None:
    """UTF-16 or UTF-32 where a file's first bytes are in it, with or without a byte order mark."""
    for mark, name in _MARKS:
        if begin.startswith(mark):
            return name
    looked = begin[:LOOK]
    return next((name for (width, at), name in _NAMES.items() if _fits(looked, width, at)), None)


def remedy(charset: str) -> str:
    """What to do with a file in a wide character set, in words."""
    return (
        f"it is in {charset}, which is not read; make it UTF-8 first:"
        f" iconv -f {charset} -t UTF-8 FILE > OTHER"
    )


def _fits(looked: bytes, width: int, at: int) -> bool:
    # All texts of both formats begin with letters and signs of ASCII.
    columns = [looked[place::width] for place in range(width)]
    others = b"".join(columns[:at] + columns[at + 1 :])
    return len(looked) >= 2 * width and b"\x00" not in columns[at] and not others.strip(b"\x00")
