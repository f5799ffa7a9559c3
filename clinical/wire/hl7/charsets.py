"""Character sets: from the bytes a sender declares in MSH-18 to UTF-8.

Here: the names of HL7 table 0211 and the reading of one message. Not here: which message needs it.
"""

from collections.abc import Mapping
from types import MappingProxyType

ASCII = "ascii"

# HL7 table 0211. Character sets that switch by escape sequences (ISO IR14, IR87, IR159) and the
# two-byte ones full of NUL bytes (UTF-16, UTF-32) are not read: their messages are quarantined.
CODECS: Mapping[str, str] = MappingProxyType(
    {
        "ASCII": ASCII,
        "US-ASCII": ASCII,
        "ISO IR6": ASCII,
        **{f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16)},
        **{f"ISO-8859-{part}": f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16)},
        "ISO IR100": "iso8859-1",
        "UNICODE": "utf-8",
        "UNICODE UTF-8": "utf-8",
        "UTF-8": "utf-8",
        "UTF8": "utf-8",
        "GB 18030-2000": "gb18030",
        "KS X 1001": "euc_kr",
        "BIG-5": "big5",
        "WINDOWS-1252": "cp1252",
    }
)


def codec(declared: str, fallback: str) -> str | None:
    """The codec of a declared character set; None when the name is unknown.

    Args:
        declared: MSH-18's first repetition; empty when the sender names none.
        fallback: The feed's character set.
    """
    name = " ".join(declared.split()).upper()
    return CODECS.get(name) if name and name != '""' else fallback


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
