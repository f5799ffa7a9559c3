"""Messages that are evidently usable: what a gateway can tell of most, one by one.

Here: a look at a message's bytes that proves that the decoder will not refuse it. Where it proves
nothing, the decoder itself has to be asked (`dispositions`). Not here: any verdict.
"""

from clinical.wire.hl7.charsets import SWITCHED, codec
from clinical.wire.hl7.delimiters import STANDARD
from clinical.wire.hl7.header import MSH_TIME, MSH_TYPE
from clinical.wire.hl7.kept import component_of, raw_parts
from clinical.wire.hl7.message_types import ENCOUNTERS, MERGES, USED
from clinical.wire.hl7.screen import MSH_18, USUAL
from clinical.wire.hl7.subjects import PID_LIST
from clinical.wire.profile import FeedProfile
from clinical.wire.time import instant

# With these in it, an identifier takes more reading.
_INTRICATE = frozenset(b"~&\\")
UTF_8 = "utf-8"


def is_evident(raw: bytes, profile: FeedProfile) -> bool:
    """Whether this message is parsed beyond doubt: usual separators, one patient, no merge."""
    return _is_readable(raw, profile) and _is_used(raw, profile) and _has_patient(raw)


def _is_readable(raw: bytes, profile: FeedProfile) -> bool:
    if not raw.startswith(USUAL) or b"\0" in raw or len(raw) > profile.limits.message_bytes:
        return False
    return raw.count(b"MSH") == 1 and raw.count(b"\r") + raw.count(b"\n") < profile.limits.segments


def _has_charset(raw: bytes, sent: bytes, profile: FeedProfile) -> bool:
    """Whether all characters are of the character set that MSH-18 names, or of the feed's."""
    declared = sent.decode("ascii", "replace")
    name = codec(declared, profile.charset, STANDARD.repetition)
    if name == SWITCHED and b"\x1b" in raw:
        return False
    if raw.isascii() or name != UTF_8:
        return raw.isascii() and name is not None
    try:
        raw.decode(UTF_8)
    except UnicodeDecodeError:
        return False
    return True


def _is_used(raw: bytes, profile: FeedProfile) -> bool:
    """Whether its type is read for facts, and its characters can be."""
    # MSH-1 is the separator itself, so that the fields count from one less.
    fields = [b"", *_line(raw, 0).split(b"|", MSH_18), b""]
    if len(fields) <= MSH_TYPE + 1:
        return False
    if not _has_charset(raw, fields[MSH_18] if len(fields) > MSH_18 else b"", profile):
        return False
    # The decoder reads this time, so what it cannot bear of a time must be met here as well.
    instant(raw_parts(STANDARD, 1)[fields[MSH_TIME]] or "", profile.zone)
    kind = raw_parts(STANDARD, 1)[fields[MSH_TYPE]]
    trigger = raw_parts(STANDARD, 2)[fields[MSH_TYPE]]
    return kind in USED and (kind not in ENCOUNTERS or not (trigger is None or trigger in MERGES))


def _has_patient(raw: bytes) -> bool:
    """Whether the one PID there is has a plain identifier."""
    at = raw.find(b"PID")
    if at < 1 or raw[at - 1] not in b"\r\n" or raw.count(b"PID") > 1:
        return False
    fields = _line(raw, at).split(b"|", PID_LIST + 1)
    if len(fields) <= PID_LIST or fields[0] != b"PID" or _INTRICATE & set(fields[PID_LIST]):
        return False
    return component_of(str(fields[PID_LIST], "utf-8"), STANDARD, 1) is not None


def _line(raw: bytes, begin: int) -> bytes:
    """The segment that begins here."""
    end = raw.find(b"\r", begin)
    line = raw[begin:] if end < 0 else raw[begin:end]
    return line.partition(b"\n")[0]
