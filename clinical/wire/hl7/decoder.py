"""Decoding a batch of HL7 v2 messages: bytes in, dispositions and facts out.

Here: the order of the steps. Not here: the steps. No bytes whatever make it raise: what cannot be
read is quarantined with a reason.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.decoded import FACTS, MESSAGES, Decoded
from clinical.wire.hl7 import header, merges, sent, subjects
from clinical.wire.hl7.allergies import SEGMENTS as ALLERGIES
from clinical.wire.hl7.allergies import allergies
from clinical.wire.hl7.batch import Batch, Flags
from clinical.wire.hl7.charges import charges
from clinical.wire.hl7.diagnoses import diagnoses
from clinical.wire.hl7.dispositions import Verdicts
from clinical.wire.hl7.drugs import SEGMENTS
from clinical.wire.hl7.encounters import encounter_events
from clinical.wire.hl7.index import Index
from clinical.wire.hl7.medications import KINDS as ORDERED_DRUGS
from clinical.wire.hl7.medications import medication_events
from clinical.wire.hl7.message_types import ENCOUNTERS, OBSERVED, USED
from clinical.wire.hl7.notes import has_notes, notes
from clinical.wire.hl7.observations import observations
from clinical.wire.hl7.orders import KINDS as ORDERED
from clinical.wire.hl7.orders import order_events
from clinical.wire.hl7.people import patient_demographics
from clinical.wire.hl7.procedures import procedures
from clinical.wire.hl7.screen import Group, screen
from clinical.wire.hl7.text import Positions
from clinical.wire.profile import FeedProfile
from clinical.wire.time import UTC

# What is decoded in one go: bounds memory, and keeps a run's bytes near the processor.
RUN_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reader:
    """How a table of facts is read, and the segments it is read from in which messages.

    `beside` tells of rows that need none of the segments.
    """

    read: Callable[[Batch], pa.Table]
    segments: tuple[str, ...]
    kinds: frozenset[str] = USED
    beside: Callable[[Batch], bool] | None = None

    def has_rows(self, batch: Batch) -> bool:
        """Whether there is anything to read; most batches hold few kinds of facts."""
        if self.beside is not None and self.beside(batch):
            return True
        there = [segment for segment in self.segments if batch.index.has(segment)]
        if not there:
            return False
        messages = None if self.kinds is USED else batch.header.of_kind(self.kinds)
        return any(len(batch.rows(segment, messages)) for segment in there)


DRUGS = tuple(SEGMENTS)
READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "observations": Reader(observations, ("OBX",), OBSERVED),
        "encounter_events": Reader(encounter_events, ("PV1",), ENCOUNTERS),
        "patient_demographics": Reader(patient_demographics, ("PID",)),
        "identity_events": Reader(merges.identity_events, ("MRG",), ENCOUNTERS, merges.has_links),
        "order_events": Reader(order_events, ("OBR", "ORC"), ORDERED),
        "medication_events": Reader(medication_events, DRUGS, ORDERED_DRUGS),
        "diagnoses": Reader(diagnoses, ("DG1",)),
        "charges": Reader(charges, ("FT1",)),
        "procedures": Reader(procedures, ("PR1",)),
        "allergies": Reader(allergies, ALLERGIES),
        "notes": Reader(notes, (), beside=has_notes),
    }
)


def decode(messages: pa.Array, profile: FeedProfile) -> Decoded:
    """Decode a batch of messages.

    Args:
        messages: Binary column, one message per row.
        profile: The feed they came by.

    Returns:
        A disposition for every message, and the facts of the parsed ones in the batch's order.
    """
    runs = [_run(start, run, profile) for start, run in _runs(messages)]
    if len(runs) == 1:
        return runs[0]
    table = pa.concat_tables([MESSAGES.empty_table(), *(run.messages for run in runs)])
    indexes = tuple(index for run in runs for index in run.indexes)
    return Decoded(table.combine_chunks(), _facts([run.facts for run in runs]), indexes)


def dispositions(messages: pa.Array, profile: FeedProfile) -> pa.Table:
    """The `messages` that `decode` gives, without the work of reading facts."""
    tables = []
    for _, run in _runs(messages):
        verdicts = Verdicts.of(len(run))
        groups = screen(run, profile, verdicts)
        tables.append(_messages([_judged(group, profile, verdicts) for group in groups], verdicts))
    if len(tables) == 1:
        return tables[0]
    return pa.concat_tables([MESSAGES.empty_table(), *tables]).combine_chunks()


def sent_at(messages: pa.Array, profile: FeedProfile) -> pa.Array:
    """MSH-7 of each message in UTC; null where it is absent or unreadable."""
    runs = [sent.sent_at(run, profile.zone) for _, run in _runs(messages)]
    return pa.concat_arrays(runs) if runs else pa.array([], UTC)


def _runs(messages: pa.Array) -> Iterator[tuple[int, pa.Array]]:
    """The batch in runs of about RUN_BYTES, each with its first message's place."""
    size = np.cumsum(pc.binary_length(messages).fill_null(0).to_numpy().astype(np.int64))
    start = 0
    while start < len(messages):
        before = size[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(size, before + RUN_BYTES, side="right")))
        run = messages.slice(start, stop - start)
        run = run.combine_chunks() if isinstance(run, pa.ChunkedArray) else run
        yield start, run.cast(pa.binary()).fill_null(b"")
        start = stop


@dataclass(frozen=True, slots=True)
class _Judged:
    """A group of a run with what is known of its messages; `usable` are those that are parsed."""

    places: Positions
    index: Index
    header: header.Header
    subjects: subjects.Subjects
    usable: Flags

    def facts(self, start: int, profile: FeedProfile) -> dict[str, pa.Table]:
        """The facts of its messages, numbered by place in the batch."""
        batch = Batch(self.index, self.header, self.subjects, self.usable, profile.zone)
        read = {name: each.read(batch) for name, each in READERS.items() if each.has_rows(batch)}
        return _placed(read, self.places + start)


def _run(start: int, messages: pa.Array, profile: FeedProfile) -> Decoded:
    verdicts = Verdicts.of(len(messages))
    groups = screen(messages, profile, verdicts)
    parts = [_judged(group, profile, verdicts) for group in groups]
    facts = [part.facts(start, profile) for part in parts]
    indexes = tuple(part.index for part in parts)
    return Decoded(_messages(parts, verdicts), _facts(facts), indexes)


def _judged(group: Group, profile: FeedProfile, verdicts: Verdicts) -> _Judged:
    index = group.index
    own = Verdicts(verdicts.reasons[group.places])
    known = header.header(index, profile.zone)
    header.judge(index, known, own)
    found = subjects.subjects(index, known, profile)
    subjects.judge(found, index, own)
    merges.judge(index, known, found, own)
    verdicts.reasons[group.places] = own.reasons
    return _Judged(group.places, index, known, found, own.usable)


def _placed(facts: Mapping[str, pa.Table], places: Positions) -> dict[str, pa.Table]:
    """The tables with rows, their messages numbered by place in the batch."""
    if not len(places) or (places[0] == 0 and places[-1] == len(places) - 1):
        return {name: table for name, table in facts.items() if table.num_rows}
    numbers = places.astype(np.int32)
    return {
        name: table.set_column(
            0, FACTS[name].field(0), pa.array(numbers[table["message"].to_numpy()])
        )
        for name, table in facts.items()
        if table.num_rows
    }


def _messages(parts: list[_Judged], verdicts: Verdicts) -> pa.Table:
    if len(parts) == 1 and len(parts[0].places) == len(verdicts.reasons):
        known = parts[0].header
        names = known.sender, known.control_id, known.message_type
        return pa.Table.from_arrays([*names, *verdicts.columns().values()], schema=MESSAGES)
    count = len(verdicts.reasons)
    row = np.full(count, -1, np.int64)
    columns: dict[str, list[pa.Array]] = {name: [] for name in MESSAGES.names[:3]}
    filled = 0
    for part in parts:
        row[part.places] = np.arange(filled, filled + len(part.places))
        filled += len(part.places)
        columns["sender"].append(part.header.sender)
        columns["message_control_id"].append(part.header.control_id)
        columns["message_type"].append(part.header.message_type)
    place = pa.array(row, mask=row < 0)
    empty = pa.array([], pa.string())
    of_header = {
        name: pa.concat_arrays([*found, empty]).take(place) for name, found in columns.items()
    }
    made = {**of_header, **verdicts.columns()}
    return pa.Table.from_arrays([made[name] for name in MESSAGES.names], schema=MESSAGES)


def _facts(parts: Sequence[Mapping[str, pa.Table]]) -> dict[str, pa.Table]:
    """The tables of all parts, in the order of the messages."""
    if len(parts) == 1:
        return {name: parts[0][name] for name in FACTS if name in parts[0]}
    joined = {}
    for name in FACTS:
        tables = [part[name] for part in parts if name in part]
        if tables:
            joined[name] = _ordered(pa.concat_tables(tables).combine_chunks())
    return joined


def _ordered(table: pa.Table) -> pa.Table:
    message = table["message"].to_numpy()
    if (np.diff(message) >= 0).all():
        return table
    return table.take(pa.array(np.argsort(message, kind="stable")))
