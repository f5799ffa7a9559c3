"""Who patients are: name, birth, sex, death and where they live, from PID.

Here: demographics, address and phone of every PID that has any. Not here: identifiers
(subjects.py).
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.batch import Batch
from clinical.wire.hl7.header import times
from clinical.wire.hl7.index import Rows
from clinical.wire.hl7.subjects import PID_DECEASED
from clinical.wire.hl7.text import FEW, component
from clinical.wire.time import date_of, dates

PID_NAME, PID_BIRTH, PID_SEX, PID_ADDRESS, PID_PHONE, PID_DIED_AT = 5, 7, 8, 11, 13, 29
# Components of an address (AD, XAD): street, second line, city, state; then the postcode.
ADDRESS, POSTCODE = (1, 2, 3, 4), 5
# Components of a telephone number (XTN).
AREA_AND_LOCAL, UNFORMATTED = (6, 7), 12
STRING = pa.string()
# HL7 table 0136, also spelt out; anything else says nothing.
YES_NO: Mapping[str, str] = MappingProxyType(
    {"Y": "true", "YES": "true", "N": "false", "NO": "false"}
)


def patient_demographics(batch: Batch) -> pa.Table:
    """One row per PID with a name, a date of birth, a sex or a death."""
    pid = batch.rows("PID")
    personal = {
        "family_name": pid.text(PID_NAME, 1),
        "given_name": pid.text(PID_NAME, 2),
        "birth_date": _dates(pid, PID_BIRTH),
        "sex": pid.common(PID_SEX),
        "died_at": times(pid, PID_DIED_AT, batch.zone),
        "deceased": _flags(pid, PID_DECEASED),
        "address": _address(pid, *ADDRESS),
        "postcode": pid.text(PID_ADDRESS, POSTCODE),
        "phone": _phone(pid),
    }
    table = batch.table("patient_demographics", {**batch.subjects.columns(pid), **personal})
    if not all(column.null_count for column in personal.values()):
        return table
    said = [column.is_valid().to_numpy(zero_copy_only=False) for column in personal.values()]
    return table if np.any(said, axis=0).all() else table.filter(pa.array(np.any(said, axis=0)))


def _address(pid: Rows, *parts: int) -> pa.Array:
    """The lines of the first address, in one."""
    if pid.width < PID_ADDRESS:
        return pa.nulls(len(pid), STRING)
    lines = [pid.text(PID_ADDRESS, part) for part in parts]
    return _joined(lines, ", ")


def _phone(pid: Rows) -> pa.Array:
    """The number as one text, else put together of area and local number, as since v2.3."""
    whole = pid.text(PID_PHONE)
    if pid.width < PID_PHONE or not whole.null_count:
        return whole
    number = pid.text(PID_PHONE, UNFORMATTED)
    parts = [pid.text(PID_PHONE, part) for part in AREA_AND_LOCAL]
    return pc.coalesce(whole, number, _joined(parts, " "))


def _joined(parts: list[pa.Array], between: str) -> pa.Array:
    """The parts of each row that are there, in one text; null where none is."""
    known = [part.to_pylist() for part in parts if part.null_count < len(part)]
    if not known:
        return parts[0]
    rows = zip(*known, strict=True)
    return pa.array([between.join(filter(None, row)) or None for row in rows], STRING)


def _dates(pid: Rows, number: int) -> pa.Array:
    if len(pid) <= FEW:
        return pa.array([date_of(text or "") for text in pid.texts(number)], pa.date32())
    cells = pid.cells(number)
    read = dates(component(cells.texts, pid.index.delimiters, 1))
    return cells.spread(read, read.type)


def _flags(pid: Rows, number: int) -> pa.Array:
    if number > pid.width:
        return pa.nulls(len(pid), pa.bool_())
    said = pid.lookup(number, YES_NO, "")
    known = pc.not_equal(said, "")
    return pc.if_else(known, pc.equal(said, "true"), pa.scalar(None, pa.bool_()))
