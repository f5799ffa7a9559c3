"""What a sample of HL7 v2 says about how it is to be read: evidence for a profile.

Here: counting spellings, numbers and places over all messages. Not here: what is concluded
(feed_proposal.py), or the resources of FHIR (feed_evidence_fhir.py).

Nothing that is counted is a patient's: shapes of times, names of segments, types and authorities of
identifiers, character sets. Identifiers and control ids are counted, never kept.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.charsets import CODECS
from clinical.wire.hl7.dispositions import Verdicts
from clinical.wire.hl7.elements import NAME, Elements
from clinical.wire.hl7.identifiers import identifiers
from clinical.wire.hl7.index import Index
from clinical.wire.hl7.screen import Group, screen
from clinical.wire.profile import FeedProfile

# Times that are read, by segment and field.
TIMES: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {"MSH": (7,), "EVN": (2, 6), "OBR": (7, 22), "OBX": (14,), "PV1": (44, 45)}
)
VISITS: Final = (("PV1", 19), ("PV1", 50), ("PID", 18))
_TIME: Final = re.compile(r"(\d{4,14})(?:\.\d+)?([+-]\d{4})?")
EMPTY: Final = "(empty)"
_DAY: Final = 8
# Bytes that are characters of windows-1252 and of no other Latin set.
_WINDOWS: Final = re.compile(rb"[\x80-\x9f]")


@dataclass(slots=True)
class Evidence:
    """Counts over a sample."""

    messages: int = 0
    types: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    senders: Counter[str] = field(default_factory=Counter)
    processing: Counter[str] = field(default_factory=Counter)
    charsets: Counter[str] = field(default_factory=Counter)
    bytes_of: Counter[str] = field(default_factory=Counter)  # ascii, utf-8, cp1252, latin-1
    offsets: Counter[str] = field(default_factory=Counter)
    at: dict[str, set[str]] = field(default_factory=dict)  # offset -> hours at which it was sent
    times: Counter[str] = field(default_factory=Counter)  # per place: with, without, date, other
    identifiers: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: Counter[str] = field(default_factory=Counter)
    visits: Counter[str] = field(default_factory=Counter)
    segments: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    nulls: int = 0
    repeated_ids: int = 0
    elements: Elements = field(default_factory=Elements)
    shape: list[str] = field(default_factory=list)


def evidence(messages: pa.Array, profile: FeedProfile) -> Evidence:
    """Look through messages that were read with a first guess of their profile."""
    found = Evidence(len(messages))
    ids: dict[tuple[str, str], set[int]] = {}
    contents = [hash(raw) for raw in messages.to_pylist()]
    for group in screen(messages, profile, Verdicts.of(len(messages))):
        _headers(group.index, found)
        _note_ids(group, contents, ids)
        _times(group.index, found)
        _people(group.index, found)
        _segments(group.index, found)
    found.repeated_ids = sum(len(one) - 1 for one in ids.values())
    return found


def charset_of(messages: pa.Array) -> Counter[str]:
    """Which character sets the bytes of messages can be, message by message."""
    found: Counter[str] = Counter()
    for raw in messages.to_pylist():
        found[_charset(raw)] += 1
    return found


def _charset(raw: bytes) -> str:
    if raw.isascii():
        return "ascii"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252" if _WINDOWS.search(raw) else "iso8859-1"
    return "utf-8"


def is_known_charset(name: str) -> bool:
    """Whether a name of MSH-18 is one that messages are read by."""
    return " ".join(name.split()).upper() in CODECS


def _note_ids(group: Group, contents: Sequence[int], ids: dict[tuple[str, str], set[int]]) -> None:
    """Which contents came under each control id of each sender."""
    msh = group.index.headers()
    pairs = zip(group.places.tolist(), _texts(msh.text(3)), _texts(msh.text(10)), strict=True)
    for place, sender, control in pairs:
        if control:
            ids.setdefault((sender or "", control), set()).add(contents[place])


def _headers(index: Index, found: Evidence) -> None:
    msh = index.headers()
    kinds = zip(_texts(msh.text(9)), _texts(msh.text(9, 2)), strict=True)
    found.types.update("^".join(filter(None, pair)) or "(none)" for pair in kinds)
    found.versions.update(filter(None, _texts(msh.text(12))))
    found.senders.update(text or "(empty)" for text in _texts(msh.text(4)))
    found.processing.update(text or EMPTY for text in _texts(msh.text(11)))
    found.charsets.update(text or "(empty)" for text in _texts(msh.text(18)))


def _times(index: Index, found: Evidence) -> None:
    for kind, numbers in TIMES.items():
        rows = index.rows(kind)
        for number in numbers if len(rows) else ():
            for text in filter(None, _texts(rows.text(number))):
                _time(f"{kind}-{number}", text, found)


def _time(place: str, text: str, found: Evidence) -> None:
    read = _TIME.fullmatch(text)
    if read is None:
        found.times[f"{place} other"] += 1
    elif read[2]:
        found.times[f"{place} with"] += 1
        found.offsets[read[2]] += 1
        found.at.setdefault(read[2], set()).add(read[1][:10])
    else:
        what = "date" if len(read[1]) <= _DAY else "without"
        found.times[f"{place} {what}"] += 1


def _people(index: Index, found: Evidence) -> None:
    pid, delimiters = index.rows("PID"), index.delimiters
    for text in _texts(pid.field(3)):
        # Without any type preferred they come as they were sent.
        listed = identifiers(text, delimiters) if text else []
        for one in listed:
            found.identifiers[_code(one.kind) or "(none)", _code(one.authority) or "(none)"] += 1
        if listed:
            found.first[_code(listed[0].kind) or "(none)"] += 1
    for kind, number in VISITS:
        rows = index.rows(kind)
        found.visits[f"{kind}-{number}"] += len(rows) - rows.text(number).null_count
    found.visits["PV1"] += len(index.rows("PV1"))


def _segments(index: Index, found: Evidence) -> None:
    numbers, counts = np.unique(index.kinds, return_counts=True)
    for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
        name = number.to_bytes(3, "big").decode("latin-1")
        found.segments[name if NAME.fullmatch(name) else "(no segment)"] += count
    obx = index.rows("OBX")
    found.statuses.update(_code(text) or "(empty)" for text in _texts(obx.text(11)))
    found.nulls += sum(_nulls(index))
    # Each look sees some of the segments: as many looks as it takes to have seen all.
    for _ in range(len(index.kinds) // 1_024 + 2):
        found.shape += found.elements.news(index)


def _nulls(index: Index) -> Iterator[int]:
    for kind in ("PID", "PV1", "OBX"):
        rows = index.rows(kind)
        for number in (5, 6, 7, 19) if len(rows) else ():
            yield pc.sum(pc.equal(rows.field(number).fill_null(""), '""')).as_py() or 0


def _texts(column: pa.Array) -> list[str | None]:
    return column.to_pylist()  # type: ignore[no-any-return]


def _code(text: str | None) -> str:
    """A text that has the shape of a code; another may be anybody's words."""
    return text if text and re.fullmatch(r"[\w.:&|/+-]{1,40}", text) else "(not shown)" * bool(text)
