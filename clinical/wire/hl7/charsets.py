"""Character sets: from the bytes a sender declares in MSH-18 to UTF-8.

Here: the names of HL7 table 0211, the reading of one message, and what a message in UTF-16 or
UTF-32 is as bytes. Not here: which message needs it.
"""

import codecs
from collections.abc import Mapping
from types import MappingProxyType

ASCII = "ascii"

# Sets that switch among each other by escape sequences: what follows one is no ASCII, though every
# byte looks it. JIS X 0201, 0208 and 0212, as Japan sends them.
SWITCHED = "iso2022_jp_ext"
ESCAPE = 0x1B
# HL7 table 0211. CNS 11643-1992 has no codec here: its messages are quarantined.
CODECS: Mapping[str, str] = MappingProxyType(
    {
        "ASCII": ASCII,
        "US-ASCII": ASCII,
        **{f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16)},
        **{f"ISO-8859-{part}": f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16)},
        "ISO IR100": "iso8859-1",
        "UNICODE": "utf-8",
        "UNICODE UTF-8": "utf-8",
        "UTF-8": "utf-8",
        "UTF8": "utf-8",
        # By the time MSH-18 is read they are in UTF-8 (`unwrapped`).
        **dict.fromkeys(("UNICODE UTF-16", "UNICODE UTF-32", "UTF-16", "UTF-32"), "utf-8"),
        **dict.fromkeys(("ISO IR13", "ISO IR14", "ISO IR87", "ISO IR159"), SWITCHED),
        **dict.fromkeys(("ISO IR6", "ISO-IR6"), ASCII),
        "ISO IR101": "iso8859-2",
        "ISO IR109": "iso8859-3",
        "ISO IR110": "iso8859-4",
        "ISO IR144": "iso8859-5",
        "ISO IR127": "iso8859-6",
        "ISO IR126": "iso8859-7",
        "ISO IR138": "iso8859-8",
        "ISO IR148": "iso8859-9",
        "ISO IR166": "tis_620",
        **dict.fromkeys(("GB 18030-2000", "GB 18030", "GB18030"), "gb18030"),
        "KS X 1001": "euc_kr",
        **dict.fromkeys(("BIG-5", "BIG5"), "big5"),
        "WINDOWS-1252": "cp1252",
    }
)


def codec(declared: str, fallback: str, repetition: str = "") -> str | None:
    """The codec of declared character sets; None when the name of the first is unknown.

    Args:
        declared: MSH-18; empty when the sender names none. Beside the first repetition stand those
            it switches to.
        fallback: The feed's character set.
        repetition: What separates repetitions.
    """
    names = declared.split(repetition) if repetition else [declared]
    found = [_codec(name, fallback) for name in names]
    return SWITCHED if SWITCHED in found else found[0]


def _codec(declared: str, fallback: str) -> str | None:
    name = " ".join(declared.split()).upper()
    return CODECS.get(name) if name and name != '""' else fallback


# The longest first, as one begins with another.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)


def unwrapped(raw: bytes) -> bytes:
    """A message that begins with a byte order mark, in UTF-8 without it; as it is if it has none.

    So is one whose bytes are not what its mark says: it will be refused for how it begins.
    """
    mark, name = next((pair for pair in MARKS if raw.startswith(pair[0])), (b"", ""))
    try:
        return raw[len(mark) :].decode(name).encode("utf-8") if mark else raw
    except UnicodeError:
        return raw


def to_utf8(raw: bytes, codec: str, fallback: str) -> tuple[bytes, bool]:
    """The message in UTF-8, and whether it holds bytes that are not in the character set.

    A sender that declares ASCII and sends more is read by the feed's character set. What is not in
    the character set becomes the replacement character, so that the sender can still be told.
    """
    name = fallback if codec == ASCII else codec
    try:
        return raw.decode(name).encode("utf-8"), False
    except UnicodeError:
        return raw.decode("ascii", "replace").encode("utf-8"), True
