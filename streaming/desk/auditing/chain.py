"""A chain of audit entries: each holds the hash of the one before.

Here: the entry as a value, its hash, and what a whole chain looks like. Pure. Not here: where
entries lie (records.py), or their form for others (fhir_events.py).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Literal

Outcome = Literal["ok", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Record:
    """What is to be written down.

    `where` is the route's pattern or the command, never a path with an identifier in it; patients
    stand in `patients` as facility/patient_id, and nowhere else.
    """

    at: datetime
    who: str
    action: str
    outcome: Outcome
    where: str
    why: str | None = None
    alerts: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry(Record):
    """A record in its place."""

    number: int = 0
    previous: str | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry, as it is remembered beside the entries."""

    number: int = 0
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """The first entry that cannot be what was written, and what is wrong with it."""

    number: int
    told: str


_HASHED: Final = tuple(field.name for field in fields(Entry) if field.name != "sha256")


def linked(record: Record, head: Head) -> Entry:
    """A record as the entry after the head."""
    values = {field.name: getattr(record, field.name) for field in fields(Record)}
    values["why"] = _storable(record.why)
    entry = Entry(**values, number=head.number + 1, previous=head.sha256)
    return replace(entry, sha256=hash_of(entry))


def head_of(entry: Entry) -> Head:
    """The head once an entry stands."""
    return Head(entry.number, entry.sha256)


def hash_of(entry: Entry) -> str:
    """SHA-256 over everything else in the entry, the hash of the one before included."""
    told = {name: getattr(entry, name) for name in _HASHED}
    told["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def first_fault(
    entries: Iterable[Entry], head: Head, anchors: Mapping[int, str] | None = None
) -> Fault | None:
    """The first fault of a whole chain in the order of its numbers; None where all holds.

    Args:
        entries: All of them.
        head: As it is remembered; entries taken off the end are missed by it.
        anchors: Hash by number, as they were kept elsewhere: a chain that was made anew as a whole
            holds in itself, and not against them.
    """
    known, newest = dict(anchors or {}), Head()
    for entry in entries:
        if (told := _wrong(entry, newest, known.pop(entry.number, None))) is not None:
            return Fault(newest.number + 1, told)
        newest = head_of(entry)
    if newest != head:
        return Fault(newest.number + 1, "the head of the chain says that there is another entry")
    if known:
        return Fault(newest.number + 1, f"entry {min(known)} was anchored, and is gone")
    return None


def _storable(text: str | None) -> str | None:
    """What people typed, without what no store can hold: NUL, and halves of characters."""
    if text is None:
        return None
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _wrong(entry: Entry, before: Head, anchored: str | None) -> str | None:
    if entry.number != before.number + 1:
        return "it was taken out, or stands elsewhere"
    if entry.previous != before.sha256:
        return "the one before is not the one that it was written after"
    if entry.sha256 != hash_of(entry):
        return "it was changed"
    if anchored is not None and anchored != entry.sha256:
        return "it is another than the one that was anchored"
    return None
