r"""The separators of a message: MSH-1 and MSH-2, and the escape sequences that stand for them.

Here: reading the separators from the start of a message, and undoing escapes in one text.
Not here: finding separators in a batch (index.py), or columns of texts (text.py).
"""

import re
from dataclasses import dataclass
from functools import lru_cache

# MSH-2 may leave out its last characters; a fifth is the truncation character of v2.7.
FEWEST, MOST = 2, 5


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The separators of a message; one that MSH-2 leaves out is the empty string."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    @property
    def all(self) -> str:
        """Every character that splits or escapes a field, except the field separator."""
        return self.component + self.repetition + self.escape + self.subcomponent


STANDARD = Delimiters()


def delimiters(head: bytes) -> Delimiters | None:
    """The separators named by the bytes that follow `MSH`; None when they cannot be used.

    A separator is a printing ASCII character that is no letter, digit, blank or quote; no two are
    the same; and the field separator closes MSH-2.
    """
    field, rest = head[:1], head[1:]
    characters, closed, _ = rest.partition(field) if field else (b"", b"", b"")
    named = field + characters
    usable = all(0x21 <= byte < 0x7F and not chr(byte).isalnum() and byte != 0x22 for byte in named)  # noqa: PLR2004
    if not (closed and usable and FEWEST <= len(characters) <= MOST):
        return None
    if len(set(named)) != len(named):
        return None
    return Delimiters(*named[:5].decode("ascii"), *[""] * max(0, 5 - len(named)))


def unescape(text: str, delimiters: Delimiters) -> str:
    r"""The text with its escape sequences undone; a sequence that is not known stays as it is.

    Source: HL7 v2.5 chapter 2, section 2.7: \F\ \S\ \T\ \R\ \E\ \Xdd..\ and \.br\.
    """
    if not delimiters.escape or delimiters.escape not in text:
        return text
    named = _named(delimiters)
    return _pattern(delimiters.escape).sub(lambda found: _meaning(found, named), text)


@lru_cache(maxsize=64)
def _pattern(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    return re.compile(f"{mark}([^{mark}]*){mark}")


@lru_cache(maxsize=64)
def _named(delimiters: Delimiters) -> dict[str, str]:
    meanings = {
        "F": delimiters.field,
        "S": delimiters.component,
        "T": delimiters.subcomponent,
        "R": delimiters.repetition,
        "E": delimiters.escape,
        ".br": "\n",
    }
    return {sequence: meaning for sequence, meaning in meanings.items() if meaning}


def _meaning(found: re.Match[str], named: dict[str, str]) -> str:
    sequence = found[1]
    if sequence.startswith("X") and (plain := _hexadecimal(sequence[1:])):
        return plain
    return named.get(sequence, found[0])


def _hexadecimal(digits: str) -> str | None:
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        return None
    if b"\0" in raw:
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
