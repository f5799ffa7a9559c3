"""The one form of what scoring folds.

Here: signals from observations, cultures, medications and birth dates, whether fresh from
`normalise` or read back from the lake. Not here: their order in time, or which still count.
"""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.normalise.distinct import distinct, flags, flat, valid
from clinical.normalise.medications import MEDICATION_CLASSES
from clinical.normalise.orders import CULTURE

UTC = pa.timestamp("us", tz="UTC")
SIGNALS = pa.schema(
    [
        ("facility", pa.string()),
        ("patient_id", pa.string()),
        ("encounter_id", pa.string()),
        ("concept", pa.string()),
        ("effective_at", UTC),
        ("value", pa.float64()),
        ("void", pa.bool_()),
        ("signal_id", pa.string()),
    ]
)
PROVENANCE = pa.schema(
    [
        ("feed", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("row", pa.int32()),
        ("received_at", UTC),
        ("message", pa.int32()),
    ]
)
# Statuses that speak even without a value: they take back what was said before.
TAKES_BACK = frozenset({"corrected", "entered_in_error", "cancelled"})
# What an observation is read for, beside whose it is and where it came from.
OBSERVED = (
    "concept",
    "effective_at",
    "value",
    "observation_id",
    "is_scored",
    "not_scored_reason",
    "status",
)
# And orders and medications.
GIVEN = (
    "concept",
    "code",
    "code_text",
    "order_id",
    "event",
    "is_cancelled",
    "started_at",
    "effective_at",
    "documented_at",
)
# A dose that was not given, or a stop, neither starts a course nor unsays that one was started.
NO_START = frozenset({"not_given", "discontinued"})
_CANCELLED, _SILENT = frozenset({"cancelled"}), frozenset({"no_value"})
_CULTURE = frozenset({CULTURE})
_NO_VALUE = pa.scalar(None, pa.float64())


def signals(facts: Mapping[str, pa.Table]) -> pa.Table:
    """The signals of a batch of facts.

    Args:
        facts: Tables as `normalise` returns them, or with the provenance columns of the lake.

    Returns:
        SIGNALS and the columns of PROVENANCE that any of the tables has. A void signal withdraws
        the earlier one with the same `signal_id`; its value is null. Facts without a time are left
        out.
    """
    parts = [read(facts[name]) for name, read in _READ.items() if name in facts]
    found = pa.concat_tables([SIGNALS.empty_table(), *parts], promote_options="default")
    provenance = [name for name in PROVENANCE.names if found.schema.get_field_index(name) >= 0]
    return found.select([*SIGNALS.names, *provenance])


def _observed(rows: pa.Table) -> pa.Table:
    """Observations of a concept; a row that says nothing about the value is no signal."""
    silent = distinct(flat(rows["not_scored_reason"])).are(_SILENT)
    speaks = valid(flat(rows["concept"]))
    if silent.any():
        speaks &= ~silent | distinct(flat(rows["status"])).are(TAKES_BACK)
    rows = _chosen(rows, speaks, OBSERVED)
    void = pc.invert(flat(rows["is_scored"]))
    return _signals(rows, "effective_at", flat(rows["value"]), void, flat(rows["observation_id"]))


def _ordered(rows: pa.Table) -> pa.Table:
    rows = _with_bare(rows, flags(flat(rows["is_cancelled"])), (CULTURE,))
    rows = _chosen(rows, distinct(flat(rows["concept"])).are(_CULTURE), GIVEN)
    void = pa.array(flags(flat(rows["is_cancelled"])))
    rows = _dated(rows, "effective_at", void)
    return _signals(rows, "effective_at", _ones(rows), void, _order_id("order:", rows))


def _given(rows: pa.Table) -> pa.Table:
    event = distinct(flat(rows["event"]))
    rows = _with_bare(rows, event.are(_CANCELLED), MEDICATION_CLASSES)
    event = distinct(flat(rows["event"]))
    rows = _chosen(rows, ~event.are(NO_START) & valid(flat(rows["concept"])), GIVEN)
    void = pa.array(distinct(flat(rows["event"])).are(_CANCELLED))
    rows = _dated(rows, "started_at", void)
    return _signals(rows, "started_at", _ones(rows), void, _order_id("medication:", rows))


def _born(rows: pa.Table) -> pa.Table:
    """Birth dates, true since we learnt them; without `received_at` the time is not known."""
    rows = _chosen(rows, valid(flat(rows["birth_date"])), ("birth_date",))
    days = flat(rows["birth_date"]).view(pa.int32()).cast(pa.float64())
    owner = pc.binary_join_element_wise(*_texts(rows, "facility", "patient_id"), "|")
    concept = pa.repeat(pa.scalar("birth_date"), len(rows))
    if rows.schema.get_field_index("received_at") < 0:
        rows = rows.append_column("received_at", pa.nulls(len(rows), UTC))
    rows = rows.append_column("concept", concept)
    void = pa.repeat(pa.scalar(False), len(rows))
    identity = pc.binary_join_element_wise("birth_date:", owner, "")
    return _signals(rows, "received_at", days, void, identity)


_READ: Mapping[str, Callable[[pa.Table], pa.Table]] = {
    "observations": _observed,
    "order_events": _ordered,
    "medication_events": _given,
    "patient_demographics": _born,
}


def _chosen(rows: pa.Table, chosen: NDArray[np.bool_], read: Iterable[str]) -> pa.Table:
    """These rows, and of them only what a signal is made of."""
    if chosen.all():
        return rows
    names = dict.fromkeys((*SIGNALS.names, *PROVENANCE.names, *read))
    places = [rows.schema.get_field_index(name) for name in names]
    there = rows.select([place for place in places if place >= 0])
    return there.take(pa.array(np.flatnonzero(chosen)))


def _signals(
    rows: pa.Table, at: str, value: pa.Array, void: pa.Array, signal_id: pa.Array
) -> pa.Table:
    columns = {name: rows[name] for name in ("facility", "patient_id", "encounter_id", "concept")}
    columns["effective_at"] = rows[at]
    columns["value"] = pc.if_else(void, _NO_VALUE, value) if flags(void).any() else value
    columns["void"], columns["signal_id"] = void, signal_id
    provenance = [field for field in PROVENANCE if rows.schema.get_field_index(field.name) >= 0]
    columns |= {field.name: rows[field.name] for field in provenance}
    schema, found = pa.schema([*SIGNALS, *provenance]), pa.table(columns)
    found = found if found.schema.equals(schema) else found.cast(schema)
    if at == "received_at" or not found["effective_at"].null_count:
        return found
    return found.filter(pc.is_valid(found["effective_at"]))


def _with_bare(rows: pa.Table, cancelled: NDArray[np.bool_], concepts: Iterable[str]) -> pa.Table:
    """Add what a withdrawal may mean that names an order number and no drug or service.

    It withdraws whatever that order was; withdrawing what never was changes nothing.
    """
    if not cancelled.any():
        return rows
    named = [valid(flat(rows[name])) for name in ("code", "code_text", "concept")]
    is_bare = cancelled & ~np.any(named, axis=0) & valid(flat(rows["order_id"]))
    if not is_bare.any():
        return rows
    bare = rows.filter(pa.array(is_bare))
    place = rows.column_names.index("concept")
    meant = [pa.repeat(pa.scalar(concept), len(bare)) for concept in concepts]
    return pa.concat_tables([rows, *(bare.set_column(place, "concept", one) for one in meant)])


def _dated(rows: pa.Table, at: str, void: pa.Array) -> pa.Table:
    """Date a withdrawal that names no time by when it was written, so that it is not lost."""
    if not rows[at].null_count:
        return rows
    written = pc.if_else(void, flat(rows["documented_at"]), pa.scalar(None, UTC))
    place = rows.schema.get_field_index(at)
    return rows.set_column(place, at, pc.coalesce(flat(rows[at]), written))


def _order_id(prefix: str, rows: pa.Table) -> pa.Array:
    """`prefix` and the order number; without one, patient and what was ordered."""
    [order] = _texts(rows, "order_id")
    if rows["order_id"].null_count or pc.any(pc.equal(order, "")).as_py():
        names = _texts(rows, "facility", "patient_id", "code", "code_text")
        unnumbered = pc.binary_join_element_wise("", *names, "|")
        order = pc.if_else(pc.not_equal(order, ""), order, unnumbered)
    return pc.binary_join_element_wise(prefix, order, "")


def _texts(rows: pa.Table, *names: str) -> list[pa.Array]:
    return [_text(flat(rows[name])) for name in names]


def _text(column: pa.Array) -> pa.Array:
    text = column if column.type == pa.string() else pc.cast(column, pa.string())
    return text.fill_null("") if text.null_count else text


def _ones(rows: pa.Table) -> pa.Array:
    return pa.array(np.ones(len(rows)))
