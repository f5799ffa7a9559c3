"""The steps of the dataflow, as plain functions and one-key states.

Here: what happens to a batch between source and sink. Not here: the order (dataflow.py), or the
meaning (clinical/).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from bytewax.operators import StatefulLogic

from clinical.detection.shard import Shard
from clinical.normalise import normalise
from clinical.normalise.distinct import Distinct, distinct, flat
from clinical.wire.decoded import Decoded
from clinical.wire.profile import FeedProfile
from streaming import poison
from streaming.admission import Admission, kept
from streaming.batches import (
    ORIGINAL,
    Messages,
    Rows,
    Tables,
    Understood,
    constant,
    with_columns,
    with_provenance,
)
from streaming.drift import Drift
from streaming.turns import Turn

# Demographics are stored by the shard, which knows whether they say anything new.
BY_SHARD = "patient_demographics"


def decode(messages: Messages, profile: FeedProfile, drift: Drift | None = None) -> Understood:
    """Read a batch: one disposition per message, and its facts as sent."""
    decoded = poison.decode(messages.raw, profile, messages.rejects)
    if messages.rejects is not None and messages.rejects.null_count < len(messages.rejects):
        decoded = _without(decoded, messages.rejects)
    understood = Understood(messages, decoded)
    if drift is not None:
        drift.shapes(understood, profile)
    # Nobody else asks where everything lies, and to another process it would travel.
    return replace(understood, decoded=replace(decoded, indexes=()))


def _without(decoded: Decoded, rejects: pa.Array) -> Decoded:
    """The batch without what the road refused; its own reason stands before the decoder's."""
    refused = rejects.is_valid()
    told = {"disposition": pa.scalar("quarantined"), "stage": pa.scalar("frame"), "reason": rejects}
    table = decoded.messages
    for name, said in told.items():
        column = pc.if_else(refused, said, table[name].combine_chunks())
        table = table.set_column(table.column_names.index(name), name, column)
    trusted = ~refused.to_numpy(zero_copy_only=False)
    facts = {name: kept(rows, trusted) for name, rows in decoded.facts.items()}
    return Decoded(table, facts, decoded.indexes)


@dataclass(frozen=True, slots=True)
class Facts:
    """A batch's facts in the product's own terms, and the rows of `raw_messages`."""

    place: str
    upto: int
    tables: Tables
    raw: pa.Table


def normalised(batch: Understood, profile: FeedProfile) -> Facts:
    """Codes to concepts, units to UCUM; provenance on every row."""
    messages = batch.messages
    tables = normalise(batch.decoded, messages.received_at, profile)
    placed = {n: with_provenance(messages, rows) for n, rows in tables.items() if rows.num_rows}
    return Facts(messages.place, messages.last_offset, placed, _raw_rows(batch))


def _raw_rows(batch: Understood) -> pa.Table:
    messages = batch.messages
    count = len(messages.raw)
    columns = {
        "message": pa.array(np.arange(count), pa.int32()),
        "raw": messages.raw.cast(pa.binary()),
        "content_hash": batch.content_hash,
        "row": constant(0, pa.int32(), count),
        **_originals(messages),
    }
    return with_provenance(messages, with_columns(batch.decoded.messages, columns))


def _originals(messages: Messages) -> dict[str, pa.Array]:
    names = {"original_partition": "partition", "original_offset": "offset"}
    known = messages.originals
    if known is None:
        count = len(messages.raw)
        return {name: pa.nulls(count, ORIGINAL.field(part).type) for name, part in names.items()}
    return {name: pc.struct_field(known, part) for name, part in names.items()}


def by_facility(facts: Facts) -> Iterator[tuple[str, Facts]]:
    """A batch's facts, one part for each facility they speak of."""
    each = {name: distinct(flat(rows["facility"])) for name, rows in facts.tables.items()}
    facilities = {facility for found in each.values() for (facility,) in found.keys}
    for facility in sorted(facilities):
        present = {
            name: _of(rows, each[name], facility)
            for name, rows in facts.tables.items()
            if (facility,) in each[name].keys
        }
        yield facility, Facts(facts.place, facts.upto, present, facts.raw.slice(0, 0))


def _of(rows: pa.Table, facilities: Distinct, facility: str) -> pa.Table:
    if len(facilities.keys) == 1:
        return rows
    return rows.filter(pa.array(facilities.are(frozenset({facility}))))


def stored(facts: Facts, turn: Turn) -> tuple[str, Rows]:
    """The rows that a batch's facts are stored as; demographics come from the shard."""
    tables = {name: rows for name, rows in facts.tables.items() if name != BY_SHARD}
    return facts.place, Rows(facts.place, facts.upto, {**tables, "raw_messages": facts.raw}, turn)


class Admitting(StatefulLogic[Understood, Understood, None]):
    """Duplicates and conflicts of one feed."""

    def __init__(self, open_admission: Callable[[str], Admission]) -> None:
        """Args: open_admission: gives a feed's admission, with what the lake knows of it."""
        self._open = open_admission
        self._admission: Admission | None = None

    def on_item(self, value: Understood) -> tuple[Iterable[Understood], bool]:
        """Admit one batch."""
        if self._admission is None:
            self._admission = self._open(value.messages.feed)
        return [self._admission.admit(value)], StatefulLogic.RETAIN

    def snapshot(self) -> None:
        """Nothing: the lake is the only state, and recovery is replay."""


class Folding(StatefulLogic[Facts, Rows, None]):
    """The shard of one facility."""

    def __init__(self, open_shard: Callable[[str], Shard]) -> None:
        """Args: open_shard: gives a facility's shard, with what the lake knows of it."""
        self._open = open_shard
        self._shard: Shard | None = None

    def on_item(self, value: Facts) -> tuple[Iterable[Rows], bool]:
        """Fold one batch of a facility's facts."""
        if self._shard is None:
            self._shard = self._open(_facility(value.tables))
        derived = self._shard.step(value.tables)
        found = {
            "scores": derived.scores,
            "alerts": derived.alerts,
            BY_SHARD: derived.demographics,
        }
        tables = {name: _dated(rows) for name, rows in found.items() if rows is not None}
        rows = [Rows(value.place, value.upto, tables)] if tables else []
        return rows, StatefulLogic.RETAIN

    def snapshot(self) -> None:
        """Nothing: the lake is the only state, and recovery is replay."""


def _facility(tables: Tables) -> str:
    facility: str = next(iter(tables.values()))["facility"][0].as_py()
    return facility


def _dated(rows: pa.Table) -> pa.Table:
    if rows.schema.get_field_index("received_date") >= 0:
        return rows
    return rows.append_column("received_date", rows["received_at"].cast(pa.date32()))


def placed(rows: Rows) -> tuple[str, Rows]:
    """Rows under the key of the place they came from."""
    return rows.place, rows


Profiles = Mapping[str, FeedProfile]
