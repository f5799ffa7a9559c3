"""A batch of FHIR messages as one Decoded.

Here: each message's one disposition, its rows, and when it was sent. Not here: reading JSON
(messages.py) or what a resource becomes (observations.py, encounters.py, patients.py).

A message is taken whole or not at all: one Observation of nobody quarantines its Bundle.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pyarrow as pa

from clinical.wire.decoded import MESSAGES, UTC, Decoded
from clinical.wire.fhir import encounters, observations, patients
from clinical.wire.fhir.messages import Entered, Message, read
from clinical.wire.fhir.reasons import DecodeError, Reason
from clinical.wire.fhir.references import Index, index
from clinical.wire.fhir.resources import Encounter, Observation, Patient, Period
from clinical.wire.fhir.times import instants
from clinical.wire.profile import FeedProfile

Row = tuple[object, ...]

_PARSED = ("parsed", None, None)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows per table, message by message."""

    observations: list[Row] = field(default_factory=list)
    encounter_events: list[Row] = field(default_factory=list)
    patient_demographics: list[Row] = field(default_factory=list)

    def extents(self) -> tuple[int, int, int]:
        """How many rows each table has."""
        return len(self.observations), len(self.encounter_events), len(self.patient_demographics)

    def cut(self, extents: tuple[int, int, int]) -> None:
        """Take back all rows beyond these extents."""
        del self.observations[extents[0] :]
        del self.encounter_events[extents[1] :]
        del self.patient_demographics[extents[2] :]


def decode(messages: pa.BinaryArray | pa.LargeBinaryArray, profile: FeedProfile) -> Decoded:
    """Decode a batch; whatever the bytes, each message gets one disposition, none raises."""
    found = _Rows()
    ledger: list[Row] = []
    for place, raw in enumerate(messages.to_pylist()):
        try:
            message = read(raw or b"", profile.limits.message_bytes)
        except DecodeError as error:
            ledger.append((None, None, None, "quarantined", "decode", error.reason.value))
            continue
        about = (message.source, message.id, message.type)
        ledger.append((*about, *_take(place, message, profile, found)))
    return Decoded(_ledger(ledger), _tables(found, profile.zone))


def dispositions(messages: pa.BinaryArray | pa.LargeBinaryArray, profile: FeedProfile) -> pa.Table:
    """The `messages` that `decode` gives; what is wrong with a resource shows in its facts."""
    return decode(messages, profile).messages


def sent_at(
    messages: pa.BinaryArray | pa.LargeBinaryArray, profile: FeedProfile
) -> pa.TimestampArray:
    """When each message was sent: Bundle.timestamp, else the newest time of its resources.

    Null for a message without such a time, or that cannot be read.
    """
    texts: list[str] = []
    places: list[int] = []
    for place, raw in enumerate(messages.to_pylist()):
        told = list(_times(raw or b"", profile))
        texts += told
        places += [place] * len(told)
    return _newest(places, instants(texts, profile.zone), len(messages))


def _take(place: int, message: Message, profile: FeedProfile, found: _Rows) -> Row:
    """Add a message's rows to what was found, and say what became of it."""
    before = found.extents()
    try:
        known = index(message, profile.facility)
        for entered in message.entries:
            _add(place, entered, known, message.timestamp, found)
    except DecodeError as error:
        found.cut(before)
        return ("quarantined", "decode", error.reason.value)
    if found.extents() == before:
        used = bool(message.entries)
        reason = Reason.SUBJECT_NOT_PATIENT if used else Reason.RESOURCE_TYPE_NOT_USED
        return ("skipped", "decode", reason.value)
    return _PARSED


def _add(place: int, entered: Entered, known: Index, sent: str | None, rows: _Rows) -> None:
    resource = entered.resource
    if isinstance(resource, Observation):
        rows.observations.extend(observations.rows(place, entered, resource, known, sent))
    elif isinstance(resource, Encounter):
        rows.encounter_events.extend(encounters.rows(place, entered, resource, known, sent))
    else:
        facility = known.facility
        rows.patient_demographics.extend(patients.rows(place, entered, resource, facility))


def _ledger(rows: list[Row]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in MESSAGES)
    return pa.table(dict(zip(MESSAGES.names, columns, strict=True)), MESSAGES)


def _tables(found: _Rows, zone: str) -> dict[str, pa.Table]:
    tables = {}
    if found.observations:
        tables["observations"] = observations.table(found.observations, zone)
    if found.encounter_events:
        tables["encounter_events"] = encounters.table(found.encounter_events, zone)
    if found.patient_demographics:
        tables["patient_demographics"] = patients.table(found.patient_demographics, zone)
    return tables


def _times(raw: bytes, profile: FeedProfile) -> Iterator[str]:
    """The times among which a message's newest is sought."""
    try:
        message = read(raw, profile.limits.message_bytes)
    except DecodeError:
        return
    if message.timestamp:
        yield message.timestamp
        return
    for entered in message.entries:
        yield from filter(None, _times_of(entered.resource))


def _times_of(resource: Observation | Encounter | Patient) -> Iterable[str | None]:
    updated = (resource.meta.last_updated,) if resource.meta else ()
    if isinstance(resource, Observation):
        own = (resource.issued, resource.effective_date_time, resource.effective_instant)
        return chain(updated, own, _ends(resource.effective_period))
    if isinstance(resource, Encounter):
        return chain(updated, _ends(resource.period))
    return updated


def _ends(period: Period | None) -> tuple[str | None, ...]:
    return (period.start, period.end) if period else ()


def _newest(places: list[int], times: pa.TimestampArray, count: int) -> pa.TimestampArray:
    never = np.iinfo(np.int64).min
    newest = np.full(count, never, dtype=np.int64)
    known = times.cast(pa.int64()).fill_null(never).to_numpy(zero_copy_only=False)
    np.maximum.at(newest, np.asarray(places, dtype=np.int64), known)
    return pa.array(newest, mask=newest == never).cast(UTC)
