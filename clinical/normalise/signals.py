"""The one form of what scoring folds.

Here: signals from observations, cultures, medications and birth dates, whether fresh from
`normalise` or read back from the lake. Not here: their order in time, or which still count.
"""

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from clinical.normalise.distinct import flat
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
TAKES_BACK = ("corrected", "entered_in_error", "cancelled")
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
_NEEDED = frozenset({*SIGNALS.names, *PROVENANCE.names, *OBSERVED})
# A dose that was not given, or a stop, neither starts a course nor unsays that one was started.
NO_START = ("not_given", "discontinued")


def signals(facts: Mapping[str, pa.Table]) -> pa.Table:
    """The signals of a batch of facts.

    Args:
        facts: Tables as `normalise` returns them, or with the provenance columns of the lake.

    Returns:
        SIGNALS and the columns of PROVENANCE that any of the tables has. A void signal withdraws
        the earlier one with the same `signal_id`; its value is null. Facts without a time are left
        out.
    """
    parts = [
        read(facts[name])
        for name, read in (
            ("observations", _observed),
            ("order_events", _ordered),
            ("medication_events", _given),
            ("patient_demographics", _born),
        )
        if name in facts
    ]
    found = pa.concat_tables([SIGNALS.empty_table(), *parts], promote_options="default")
    provenance = [name for name in PROVENANCE.names if name in found.column_names]
    return found.select([*SIGNALS.names, *provenance])


def _observed(rows: pa.Table) -> pa.Table:
    """Observations of a concept; a row that says nothing about the value is no signal."""
    rows = rows.select([name for name in rows.column_names if name in _NEEDED])
    silent = pc.equal(pc.fill_null(rows["not_scored_reason"], ""), "no_value")
    speaks = pc.or_(pc.invert(silent), _is_in(rows["status"], TAKES_BACK))
    rows = rows.filter(pc.and_(speaks, pc.is_valid(rows["concept"])))
    void = pc.invert(flat(rows["is_scored"]))
    return _signals(rows, "effective_at", flat(rows["value"]), void, flat(rows["observation_id"]))


def _ordered(rows: pa.Table) -> pa.Table:
    rows = _with_bare(rows, pc.fill_null(rows["is_cancelled"], False), (CULTURE,))
    rows = rows.filter(_equal(rows["concept"], CULTURE))
    void = pc.fill_null(flat(rows["is_cancelled"]), False)
    rows = _dated(rows, "effective_at", void)
    return _signals(rows, "effective_at", _ones(rows), void, _order_id("order:", rows))


def _given(rows: pa.Table) -> pa.Table:
    rows = _with_bare(rows, _equal(rows["event"], "cancelled"), MEDICATION_CLASSES)
    starts = pc.invert(_is_in(rows["event"], NO_START))
    rows = rows.filter(pc.and_(starts, pc.is_valid(rows["concept"])))
    void = _equal(flat(rows["event"]), "cancelled")
    rows = _dated(rows, "started_at", void)
    return _signals(rows, "started_at", _ones(rows), void, _order_id("medication:", rows))


def _born(rows: pa.Table) -> pa.Table:
    """Birth dates, true since we learnt them; without `received_at` the time is not known."""
    rows = rows.filter(pc.is_valid(rows["birth_date"]))
    days = pc.cast(pc.cast(flat(rows["birth_date"]), pa.int32()), pa.float64())
    owner = pc.binary_join_element_wise(*_texts(rows, "facility", "patient_id"), "|")
    concept = pa.repeat(pa.scalar("birth_date"), len(rows))
    if "received_at" not in rows.column_names:
        rows = rows.append_column("received_at", pa.nulls(len(rows), UTC))
    rows = rows.append_column("concept", concept)
    void = pa.repeat(pa.scalar(False), len(rows))
    identity = pc.binary_join_element_wise("birth_date:", owner, "")
    return _signals(rows, "received_at", days, void, identity)


def _signals(
    rows: pa.Table, at: str, value: pa.Array, void: pa.Array, signal_id: pa.Array
) -> pa.Table:
    columns = {name: rows[name] for name in ("facility", "patient_id", "encounter_id", "concept")}
    columns["effective_at"] = rows[at]
    columns["value"] = pc.if_else(void, pa.scalar(None, pa.float64()), value)
    columns["void"], columns["signal_id"] = void, signal_id
    provenance = [field for field in PROVENANCE if field.name in rows.column_names]
    columns |= {field.name: rows[field.name] for field in provenance}
    found = pa.table(columns).cast(pa.schema([*SIGNALS, *provenance]))
    return found if at == "received_at" else found.filter(pc.is_valid(found["effective_at"]))


def _with_bare(rows: pa.Table, cancelled: pa.Array, concepts: Iterable[str]) -> pa.Table:
    """Add what a withdrawal may mean that names an order number and no drug or service.

    It withdraws whatever that order was; withdrawing what never was changes nothing.
    """
    unnamed = pc.and_(pc.is_null(rows["code"]), pc.is_null(rows["code_text"]))
    unnamed = pc.and_(unnamed, pc.is_null(rows["concept"]))
    bare = rows.filter(pc.and_(pc.and_(cancelled, unnamed), pc.is_valid(rows["order_id"])))
    if not len(bare):
        return rows
    place = rows.column_names.index("concept")
    meant = [pa.repeat(pa.scalar(concept), len(bare)) for concept in concepts]
    return pa.concat_tables([rows, *(bare.set_column(place, "concept", one) for one in meant)])


def _dated(rows: pa.Table, at: str, void: pa.Array) -> pa.Table:
    """Date a withdrawal that names no time by when it was written, so that it is not lost."""
    written = pc.if_else(void, flat(rows["documented_at"]), pa.scalar(None, UTC))
    place = rows.column_names.index(at)
    return rows.set_column(place, at, pc.coalesce(flat(rows[at]), written))


def _order_id(prefix: str, rows: pa.Table) -> pa.Array:
    """`prefix` and the order number; without one, patient and what was ordered."""
    order, *names = _texts(rows, "order_id", "facility", "patient_id", "code", "code_text")
    unnumbered = pc.binary_join_element_wise("", *names, "|")
    known = pc.if_else(pc.not_equal(order, ""), order, unnumbered)
    return pc.binary_join_element_wise(prefix, known, "")


def _texts(rows: pa.Table, *names: str) -> Iterable[pa.Array]:
    return [pc.fill_null(pc.cast(flat(rows[name]), pa.string()), "") for name in names]


def _ones(rows: pa.Table) -> pa.Array:
    return pa.repeat(pa.scalar(1.0), len(rows))


def _equal(column: pa.Array, text: str) -> pa.Array:
    return pc.fill_null(pc.equal(column, text), False)


def _is_in(column: pa.Array, texts: Iterable[str]) -> pa.Array:
    return pc.is_in(column, pa.array(list(texts), column.type))
