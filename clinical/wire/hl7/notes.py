"""Notes: what people wrote in their own words, which may name anybody.

Here: comments (NTE), reports (long texts of OBX) and documents (MDM), each with what it is about.
Not here: short answers, which stay with their observation (observations.py).

`about_id` of an observation is its place among those of the message, as `row 3`: its identity is
known once it is normalised (clinical/normalise/notes.py).
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.decoded import LONGEST_ANSWER
from clinical.wire.hl7.batch import Batch, Flags
from clinical.wire.hl7.delimiters import Delimiters
from clinical.wire.hl7.header import times
from clinical.wire.hl7.index import Rows, code
from clinical.wire.hl7.message_types import DOCUMENTS
from clinical.wire.hl7.text import Cells, Positions, component, layout, taken
from clinical.wire.hl7.values import lines, values

STRING = pa.string()
NTE_TEXT, NTE_TYPE, NTE_ENTERED = 3, 4, 6
OBX_TYPE, OBX_CODE, OBX_VALUE = 2, 3, 5
TXA_TIME, TXA_NUMBER, TXA_STATUS = 4, 12, 17
FORMATTED, WORDED = frozenset({"FT"}), frozenset({"TX", "ST"})
OBSERVATIONS, NOTES = "observations", "notes"
ROW = "row "

# What a comment below a segment is about: the table, and the field that identifies the row.
ABOUT: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        **dict.fromkeys(("ORC", "OBR"), ("order_events", 2)),
        **dict.fromkeys(("RXO", "RXE", "RXD", "RXG", "RXA"), ("medication_events", 0)),
        "FT1": ("charges", 2),
        "DG1": ("diagnoses", 20),
        "PR1": ("procedures", 19),
        "IAM": ("allergies", 7),
        "AL1": ("allergies", 0),
    }
)
FILLER = 3


def has_notes(batch: Batch) -> bool:
    """Whether any message of a batch holds words to be kept; most hold none."""
    return _has_comments(batch) or _has_documents(batch) or _has_reports(batch)


def _has_comments(batch: Batch) -> bool:
    return batch.index.has("NTE") and bool(len(batch.rows("NTE")))


def _has_documents(batch: Batch) -> bool:
    return bool((batch.usable & batch.header.of_kind(DOCUMENTS)).any())


def _has_reports(batch: Batch) -> bool:
    return batch.index.has("OBX") and bool(_long(batch.rows("OBX", batch.results)).any())


def notes(batch: Batch) -> pa.Table:
    """One row per comment, report and document, in the order of the message."""
    readers = {_comments: _has_comments, _reports: _has_reports, _documents: _has_documents}
    parts = [read(batch) for read, has in readers.items() if has(batch)]
    table = pa.concat_tables([table for table, _ in parts]).combine_chunks()
    order = np.argsort(np.concatenate([at for _, at in parts]), kind="stable")
    table = table.take(pa.array(order))
    return table.filter(table["text"].is_valid())


def narratives(types: Cells, text: pa.Array, delimiters: Delimiters) -> Flags | None:
    """Which values are stories rather than answers, by their type and length; None: none is."""
    kinds = component(types.texts, delimiters, 1).to_pylist()
    formatted = np.array([kind in FORMATTED for kind in kinds] + [False])
    worded = np.array([kind in WORDED for kind in kinds] + [False])
    kind = types.numbers()
    found: Flags = formatted[kind]
    bounds, _ = layout(text)
    # No text has more characters than bytes.
    if np.diff(bounds).max(initial=0) > LONGEST_ANSWER:
        length = pc.utf8_length(text).fill_null(0).to_numpy()
        found |= worded[kind] & (length > LONGEST_ANSWER)
    return found if found.any() else None


def _long(obx: Rows) -> Flags:
    """Which OBX may be a story: of the formatted type, or with a long value, as it was sent."""
    types = obx.cells(OBX_TYPE)
    if (obx.sizes > LONGEST_ANSWER).any():
        found = obx.lengths(OBX_VALUE) > LONGEST_ANSWER
    else:
        found = np.zeros(len(obx), np.bool_)
    if not FORMATTED.isdisjoint(kind.strip() for kind in types.distinct):
        formatted = np.array([*(kind.strip() in FORMATTED for kind in types.distinct), False])
        found |= formatted[types.numbers()]
    return found


def _table(batch: Batch, rows: Rows, columns: Mapping[str, pa.Array]) -> tuple[pa.Table, Positions]:
    """Rows of notes; each is numbered by its segment's place in the message."""
    index = batch.index
    place = pa.array(rows.at - index.opening[rows.message] + 1).cast(STRING)
    control = taken(batch.header.control_id, pa.array(rows.message)).fill_null("")
    sent_at = taken(batch.header.recorded_at, pa.array(rows.message))
    made = {
        **batch.subjects.columns(rows),
        "note_id": pc.binary_join_element_wise(control, place, "-"),
        **columns,
    }
    made["documented_at"] = pc.coalesce(columns.get("documented_at", sent_at), sent_at)
    return batch.table("notes", made), rows.at


def _comments(batch: Batch) -> tuple[pa.Table, Positions]:
    nte = batch.rows("NTE")
    others = np.flatnonzero(batch.index.kinds != code("NTE"))
    above = others[np.maximum(np.searchsorted(others, nte.at) - 1, 0)] if len(nte) else nte.at
    table, identity = _about(batch, above)
    columns = {
        "about_table": table,
        "about_id": identity,
        "kind": pa.repeat(pa.scalar("comment"), len(nte)),
        "code": nte.common(NTE_TYPE),
        "text": lines(nte.field(NTE_TEXT), batch.delimiters),
        "documented_at": times(nte, NTE_ENTERED, batch.zone),
    }
    return _table(batch, nte, columns)


def _about(batch: Batch, segments: Positions) -> tuple[pa.Array, pa.Array]:
    """The table and the row that each of these segments has become."""
    tables: list[str | None] = [None] * len(segments)
    identities: list[str | None] = [None] * len(segments)
    kinds = batch.index.kinds[segments]
    for kind in np.unique(kinds).tolist():
        places = np.flatnonzero(kinds == kind)
        rows = batch.index.these(segments[places])
        name = kind.to_bytes(3, "big").decode("ascii", "replace")
        table, found = _rows_of(batch, name, rows)
        for place, one, which in zip(places.tolist(), table, found, strict=True):
            tables[place], identities[place] = one, which
    return pa.array(tables, STRING), pa.array(identities, STRING)


def _rows_of(batch: Batch, name: str, rows: Rows) -> tuple[list[str | None], list[str | None]]:
    if name == "OBX":
        return _observed(batch, rows)
    if name in {"PID", "PD1", "PV1", "PV2"}:
        of_person = name in {"PID", "PD1"}
        known = batch.subjects.columns(rows)
        table = "patient_demographics" if of_person else "encounter_events"
        found = known["patient_id" if of_person else "encounter_id"].to_pylist()
        return [table] * len(rows), found
    if name not in ABOUT:
        return [None] * len(rows), [None] * len(rows)
    table, field = ABOUT[name]
    if table in {"order_events", "medication_events"}:
        return [table] * len(rows), _order_numbers(batch, rows)
    return [table] * len(rows), rows.text(field).to_pylist() if field else [None] * len(rows)


def _order_numbers(batch: Batch, rows: Rows) -> list[str | None]:
    """The placer's number of the order each segment is or stands under, else the filler's."""
    above = batch.index.above(rows.at, "ORC", "OBR")
    order = batch.index.these(np.unique(above[above >= 0]))
    # ORC and OBR have the two numbers in the same fields.
    numbers = pc.coalesce(order.text(2), order.text(FILLER))
    return numbers.take(order.link(above)).to_pylist()  # type: ignore[no-any-return]


def _observed(batch: Batch, rows: Rows) -> tuple[list[str | None], list[str | None]]:
    """An OBX is an observation by its place in the message, or, in a document, a note."""
    results = batch.rows("OBX", batch.results)
    place = np.minimum(np.searchsorted(results.at, rows.at), max(len(results) - 1, 0))
    is_result = batch.results[rows.message]
    first = np.searchsorted(results.message, rows.message)
    control = taken(batch.header.control_id, pa.array(rows.message)).to_pylist()
    segment = (rows.at - batch.index.opening[rows.message] + 1).tolist()
    identities: list[str | None] = [
        f"{ROW}{number}" if result else f"{told or ''}-{at}"
        for number, result, told, at in zip(
            (place - first).tolist(), is_result.tolist(), control, segment, strict=True
        )
    ]
    return [OBSERVATIONS if result else NOTES for result in is_result.tolist()], identities


def _reports(batch: Batch) -> tuple[pa.Table, Positions]:
    obx = batch.rows("OBX", batch.results)
    obx = batch.index.these(obx.at[_long(obx)])
    types = obx.cells(OBX_TYPE)
    text = values(types, obx.cells(OBX_VALUE), batch.delimiters).text
    narrative = narratives(types, text, batch.delimiters)
    told = pa.array(np.zeros(len(obx), np.bool_) if narrative is None else narrative)
    table, identity = _observed(batch, obx)
    columns = {
        "about_table": pa.array(table, STRING),
        "about_id": pa.array(identity, STRING),
        **_text(obx, "report", pc.if_else(told, text, pa.scalar(None, STRING))),
    }
    return _table(batch, obx, columns)


def _documents(batch: Batch) -> tuple[pa.Table, Positions]:
    obx = batch.rows("OBX", batch.header.of_kind(DOCUMENTS))
    txa = batch.rows("TXA")
    of_txa = txa.link(batch.index.above(obx.at, "TXA"))
    text = values(obx.cells(OBX_TYPE), obx.cells(OBX_VALUE), batch.delimiters).text
    columns = {
        "about_id": taken(txa.text(TXA_NUMBER), of_txa),
        **_text(obx, "document", text),
        "status": taken(txa.common(TXA_STATUS), of_txa),
        "documented_at": taken(times(txa, TXA_TIME, batch.zone), of_txa),
    }
    return _table(batch, obx, columns)


def _text(obx: Rows, kind: str, text: pa.Array) -> dict[str, pa.Array]:
    codes = dict(
        zip(("code", "code_text", "code_system"), obx.parts(OBX_CODE, 1, 2, 3), strict=True)
    )
    return {"kind": pa.repeat(pa.scalar(kind), len(obx)), **codes, "text": text}
