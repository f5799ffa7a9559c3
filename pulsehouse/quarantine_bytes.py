"""A raw message for a person's eyes: nothing in it can move their cursor, colour or hide anything.

Here: bytes as lines of visible text, and the place at which they cannot be read. Not here: which
message (quarantine_report.py), or whether it can be read (clinical/wire).
"""

import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from clinical.wire.hl7.charsets import codec
from streaming.gateway.header import header

# So much of a message is for a screen; `--json` has all of it.
SCREEN_BYTES: Final = 64 * 1024
UTF_8: Final = "utf-8"
# Letters, marks, numbers, signs and plain spaces; controls, formats and what is not assigned can
# turn, hide or move text.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """Text in which every character that is not simply drawn is written as its number."""
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN:
        return character
    number = ord(character)
    if number < 0x100:  # noqa: PLR2004 one byte
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"  # noqa: PLR2004 two bytes


def lines_of(raw: bytes) -> Iterator[str]:
    """A message line by line; bytes that are no UTF-8 by their numbers."""
    kept = raw[:SCREEN_BYTES]
    for line in _split(kept):
        yield visible(line.decode("utf-8", "backslashreplace"))
    if len(raw) > len(kept):
        yield f"... {len(raw) - len(kept):,} more bytes: --json has them all"


def _split(raw: bytes) -> list[bytes]:
    return raw.replace(b"\r\n", b"\r").replace(b"\n", b"\r").removesuffix(b"\r").split(b"\r")


def stops_at(raw: bytes, reason: str) -> dict[str, int] | None:
    """Where a message cannot be read, as byte (from 0) and line (from 1); None where it has none.

    Only of reasons that lie at one place: a message without a patient lacks one everywhere.
    """
    look = _LOOKS.get(reason)
    byte = None if look is None else look(raw)
    if byte is None:
        return None
    return {"byte": byte, "line": len(_split(raw[:byte] + b"."))}


def _found(raw: bytes, wanted: bytes, start: int = 0) -> int | None:
    place = raw.find(wanted, start)
    return None if place < 0 else place


def _second_header(raw: bytes) -> int | None:
    places = (_found(raw, end + b"MSH", 1) for end in (b"\r", b"\n"))
    found = [place + 1 for place in places if place is not None]
    return min(found, default=None)


def _no_text(raw: bytes) -> int | None:
    """By the character set that the message declares; UTF-8 where it names none."""
    head = header(raw)
    declared = "" if head is None else head.charset.partition(b"~")[0].decode("ascii", "replace")
    try:
        raw.decode(codec(declared, UTF_8) or UTF_8)
    except UnicodeDecodeError as error:
        return error.start
    return None


def _no_json(raw: bytes) -> int | None:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return len(text[: error.pos].encode())
    except RecursionError:
        return None
    return None


_LOOKS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "nul_byte": lambda raw: _found(raw, b"\0"),
    "bad_charset": _no_text,
    "several_msh": _second_header,
    "no_msh": lambda _: 0,
    "bad_msh": lambda _: 3,
    "not_json": _no_json,
}
