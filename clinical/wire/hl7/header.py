"""The MSH segment of each message: sender, type, trigger, control id and time.

Here: what MSH and EVN say of the message itself. Not here: separators (screen.py), or the patient.
"""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.dispositions import SKIPPED as NOT_USED
from clinical.wire.hl7.dispositions import Verdicts
from clinical.wire.hl7.index import MSH, Index, Rows
from clinical.wire.hl7.message_types import ANSWERS, SKIPPED, USED
from clinical.wire.hl7.text import FEW, component, taken
from clinical.wire.time import UTC, instant, timestamps

Flags = npt.NDArray[np.bool_]
MSH_APPLICATION, MSH_FACILITY, MSH_TIME, MSH_TYPE, MSH_CONTROL = 3, 4, 7, 9, 10
EVN_RECORDED, EVN_OCCURRED = 2, 6


@dataclass(frozen=True, slots=True)
class Header:
    """Columns with one row per message of a group."""

    application: pa.Array
    facility: pa.Array
    control_id: pa.Array
    kind: pa.Array  # MSH-9.1
    kinds: "Names"  # the same, by number
    trigger: pa.Array  # MSH-9.2, else EVN-1
    sent_at: pa.Array
    recorded_at: pa.Array  # EVN-2, else MSH-7
    event_recorded_at: pa.Array  # EVN-2
    occurred_at: pa.Array  # EVN-6

    @property
    def sender(self) -> pa.Array:
        """MSH-3|MSH-4; null when neither is sent."""
        names = self.application, self.facility
        if len(self.application) <= FEW:
            pairs = zip(*(name.to_pylist() for name in names), strict=True)
            told = [f"{one or ''}|{other or ''}" if one or other else None for one, other in pairs]
            return pa.array(told, pa.string())
        both = pc.binary_join_element_wise(*(name.fill_null("") for name in names), "|")
        return pc.if_else(pc.equal(both, "|"), pa.scalar(None, pa.string()), both)

    @property
    def message_type(self) -> pa.Array:
        """Type and trigger as `ORU^R01`; the type alone when there is no trigger."""
        if self.trigger.null_count == len(self.trigger):
            return self.kind
        both = pc.binary_join_element_wise(self.kind, self.trigger, "^")
        return pc.coalesce(both, self.kind) if both.null_count else both

    def of_kind(self, kinds: frozenset[str]) -> Flags:
        """Which messages are of these types."""
        return self.kinds.among(kinds)

    def on_trigger(self, triggers: frozenset[str]) -> Flags:
        """Which messages were sent on these triggers."""
        return members(self.trigger, triggers)


@dataclass(frozen=True, slots=True)
class Names:
    """A column by its distinct names; the last number is that of rows without one."""

    distinct: list[str]
    number: npt.NDArray[np.int32] | npt.NDArray[np.int64]
    known: dict[frozenset[str], Flags] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, column: pa.StringArray) -> Self:
        """Number the names of a column."""
        encoded = column.dictionary_encode()
        distinct = encoded.dictionary.to_pylist()
        numbers = encoded.indices
        numbers = numbers.fill_null(len(distinct)) if numbers.null_count else numbers
        return cls(distinct, numbers.to_numpy())

    def among(self, names: frozenset[str]) -> Flags:
        """Which rows hold one of these names."""
        found = self.known.get(names)
        if found is None:
            chosen = np.array([*(name in names for name in self.distinct), False])
            found = self.known[names] = chosen[self.number]
        return found


def members(column: pa.StringArray, names: frozenset[str]) -> Flags:
    """Which rows hold one of these names."""
    return Names.of(column).among(names)


def times(rows: Rows, number: int, zone: str, part: int = 1) -> pa.Array:
    """A time field of each segment; null where it is empty or unreadable."""
    if number > rows.width:
        return pa.nulls(len(rows), UTC)
    if len(rows) <= FEW:
        texts = rows.texts(number, part)
        return pa.array([text and instant(text, zone) for text in texts], UTC)
    cells = rows.cells(number)
    moments = component(cells.texts, rows.index.delimiters, part)
    return cells.spread(timestamps(moments, zone), UTC)


def header(index: Index, zone: str) -> Header:
    """Read MSH and EVN of every message of a group, each of which begins with its MSH."""
    msh, evn = index.headers(), index.rows("EVN")
    msh.together(MSH_APPLICATION, MSH_FACILITY)
    event = evn.per_message()
    recorded_at = taken(times(evn, EVN_RECORDED, zone), event)
    sent_at = times(msh, MSH_TIME, zone)
    kind = msh.common(MSH_TYPE)
    return Header(
        application=msh.common(MSH_APPLICATION),
        facility=msh.common(MSH_FACILITY),
        control_id=msh.text(MSH_CONTROL),
        kind=kind,
        kinds=_kinds(msh, kind),
        trigger=pc.coalesce(msh.common(MSH_TYPE, 2), taken(evn.common(1), event)),
        sent_at=sent_at,
        recorded_at=pc.coalesce(recorded_at, sent_at),
        event_recorded_at=recorded_at,
        occurred_at=taken(times(evn, EVN_OCCURRED, zone), event),
    )


def _kinds(msh: Rows, kind: pa.Array) -> Names:
    if len(msh) <= FEW:
        return Names.of(kind)
    cells = msh.cells(MSH_TYPE)
    names = component(cells.texts, msh.index.delimiters, 1)
    return Names(names.to_pylist(), cells.numbers())


def judge(index: Index, known: Header, verdicts: Verdicts) -> None:
    """Reject messages of no, an unknown or an unused type, and several messages in one."""
    verdicts.reject(_several(index), "several_msh")
    if known.kind.null_count:
        verdicts.reject(known.kind.is_null().to_numpy(zero_copy_only=False), "no_message_type")
    verdicts.reject(~known.of_kind(USED | SKIPPED), "unknown_message_type")
    verdicts.reject(known.of_kind(SKIPPED), NOT_USED)
    if (answers := known.of_kind(ANSWERS)).any():
        # An answer may leave out whose order it was.
        told = np.bincount(index.rows("PID").message, minlength=index.messages) > 0
        verdicts.reject(answers & ~told, NOT_USED)


def _several(index: Index) -> Flags:
    """Which messages hold a second MSH."""
    if len(index.places(MSH)) == index.messages:  # each begins with one
        return np.zeros(index.messages, np.bool_)
    return np.bincount(index.rows(MSH).message, minlength=index.messages) > 1
