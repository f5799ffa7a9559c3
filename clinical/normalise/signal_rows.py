"""How a signal is made of rows of facts.

Here: the shape of signals, and the builder that every kind of fact shares. Not here: which rows
speak, and for what (signals.py, infusions.py, stays.py, conditions.py).
"""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.normalise.distinct import flags, flat, valid
from clinical.normalise.written import WRITTEN

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
        (WRITTEN, pa.int64()),
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
_NO_VALUE = pa.scalar(None, pa.float64())


def only(rows: pa.Table, chosen: NDArray[np.bool_], read: Iterable[str]) -> pa.Table:
    """These rows, and of them only what a signal is made of."""
    if chosen.all():
        return rows
    names = dict.fromkeys((*SIGNALS.names, *PROVENANCE.names, *read))
    places = [rows.schema.get_field_index(name) for name in names]
    there = rows.select([place for place in places if place >= 0])
    return there.take(pa.array(np.flatnonzero(chosen)))


def as_signals(
    rows: pa.Table, at: str, value: pa.Array, void: pa.Array, signal_id: pa.Array
) -> pa.Table:
    """Rows with a `concept` as signals, dated by column `at`; what has no date is left out.

    Of rows without the number of their version (written.py) the later arrival stands.
    """
    columns = {name: rows[name] for name in ("facility", "patient_id", "encounter_id", "concept")}
    columns["effective_at"] = rows[at]
    columns["value"] = pc.if_else(void, _NO_VALUE, value) if flags(void).any() else value
    columns["void"], columns["signal_id"] = void, signal_id
    is_numbered = rows.schema.get_field_index(WRITTEN) >= 0
    columns[WRITTEN] = rows[WRITTEN] if is_numbered else pa.array(np.zeros(len(rows), np.int64))
    provenance = [field for field in PROVENANCE if rows.schema.get_field_index(field.name) >= 0]
    columns |= {field.name: rows[field.name] for field in provenance}
    schema, found = pa.schema([*SIGNALS, *provenance]), pa.table(columns)
    found = found if found.schema.equals(schema) else found.cast(schema)
    if at == "received_at" or not found["effective_at"].null_count:
        return found
    return found.filter(pc.is_valid(found["effective_at"]))


def dated(rows: pa.Table, at: str, void: pa.Array) -> pa.Table:
    """Date a withdrawal that names no time by when it was written, so that it is not lost."""
    if not rows[at].null_count:
        return rows
    written = pc.if_else(void, flat(rows["documented_at"]), pa.scalar(None, UTC))
    place = rows.schema.get_field_index(at)
    return rows.set_column(place, at, pc.coalesce(flat(rows[at]), written))


def order_identity(prefix: str, rows: pa.Table) -> pa.Array:
    """`prefix` and the order number; without one, patient and what was ordered."""
    [order] = texts_of(rows, "order_id")
    if rows["order_id"].null_count or pc.any(pc.equal(order, "")).as_py():
        names = texts_of(rows, "facility", "patient_id", "code", "code_text")
        unnumbered = pc.binary_join_element_wise("", *names, "|")
        order = pc.if_else(pc.not_equal(order, ""), order, unnumbered)
    return pc.binary_join_element_wise(prefix, order, "")


def of_concept(rows: pa.Table, concept: str) -> pa.Table:
    """The rows, all of one concept."""
    told = pa.repeat(pa.scalar(concept), len(rows))
    place = rows.schema.get_field_index("concept")
    if place < 0:
        return rows.append_column("concept", told)
    return rows.set_column(place, "concept", told)


def identity(prefix: str, *parts: pa.Array) -> pa.Array:
    """`prefix` and the parts, with `|` between them."""
    return pc.binary_join_element_wise(prefix, pc.binary_join_element_wise(*parts, "|"), "")


def time_text(column: pa.Array) -> pa.Array:
    """A time as a part of an identity: microseconds since 1970, empty where not known."""
    return flat(column).cast(pa.int64()).cast(pa.string()).fill_null("")


def texts_of(rows: pa.Table, *names: str) -> list[pa.Array]:
    """Columns as texts, empty where not known."""
    return [_text(flat(rows[name])) for name in names]


def _text(column: pa.Array) -> pa.Array:
    text = column if column.type == pa.string() else pc.cast(column, pa.string())
    return text.fill_null("") if text.null_count else text


def ones(rows: pa.Table) -> pa.Array:
    """The value of what took place."""
    return pa.array(np.ones(len(rows)))


def with_bare(rows: pa.Table, cancelled: NDArray[np.bool_], concepts: Iterable[str]) -> pa.Table:
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
