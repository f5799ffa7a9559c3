"""Charges: FT1 segments, of DFT messages and of results and orders that carry their charge.

Here: one row per FT1, as the sender stated it. Not here: whether two messages state one charge, or
what is to be billed.

HL7 v2.5.1 ch. 6.5.1. Since v2.5 FT1-4 is a range: its start counts. A day that was not sent stays
unknown, as the message's own time says when it was posted, not when the service was given.
"""

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.batch import Batch
from clinical.wire.hl7.header import times
from clinical.wire.hl7.index import Rows
from clinical.wire.hl7.text import component, first_repetition, piece
from clinical.wire.hl7.values import numbers

FT1_ID, FT1_BATCH, FT1_TIME, FT1_POSTED, FT1_TYPE = 2, 3, 4, 5, 6
FT1_CODE, FT1_DESCRIPTION, FT1_QUANTITY, FT1_AMOUNT, FT1_UNIT_AMOUNT = 7, 8, 10, 11, 12
FT1_DEPARTMENT, FT1_LOCATION, FT1_PROCEDURE = 13, 16, 25

# FT1-6, HL7 table 0017.
EVENTS: Mapping[str, str] = MappingProxyType(
    {"CG": "charge", "CD": "credit", "PY": "payment", "AJ": "adjustment", "CO": "copayment"}
)
STRING, DOUBLE = pa.string(), pa.float64()


def charges(batch: Batch) -> pa.Table:
    """One row per FT1."""
    ft1 = batch.rows("FT1")
    kind = ft1.common(FT1_TYPE)
    currency = pc.coalesce(_currency(ft1, FT1_AMOUNT), _currency(ft1, FT1_UNIT_AMOUNT))
    columns = {
        **batch.subjects.columns(ft1),
        "transaction_id": ft1.text(FT1_ID),
        "batch_id": ft1.common(FT1_BATCH),
        "event": pc.coalesce(ft1.lookup(FT1_TYPE, EVENTS, None), kind),
        "transaction_type": kind,
        **_service(ft1),
        "description": pc.coalesce(ft1.common(FT1_DESCRIPTION), ft1.common(FT1_CODE, 2)),
        "quantity": _number(ft1.common(FT1_QUANTITY)),
        "amount": _number(ft1.common(FT1_AMOUNT)),
        "unit_amount": _number(ft1.common(FT1_UNIT_AMOUNT)),
        "currency": currency,
        "cost_centre": ft1.common(FT1_DEPARTMENT),
        "unit": ft1.common(FT1_LOCATION),
        "transaction_at": times(ft1, FT1_TIME, batch.zone),
        "posted_at": times(ft1, FT1_POSTED, batch.zone),
        "documented_at": batch.header.recorded_at.take(pa.array(ft1.message)),
    }
    return batch.table("charges", columns)


def _service(ft1: Rows) -> dict[str, pa.Array]:
    """The procedure's code with its name and system, else the charge code's: never a mixture."""
    places = {"code": 1, "code_text": 2, "code_system": 3}
    procedure = {name: ft1.common(FT1_PROCEDURE, place) for name, place in places.items()}
    charge = {name: ft1.common(FT1_CODE, place) for name, place in places.items()}
    unnamed = pc.and_(charge["code"].is_null(), charge["code_text"].is_null())
    chosen = pc.or_(procedure["code"].is_valid(), unnamed)
    return {name: pc.if_else(chosen, procedure[name], charge[name]) for name in places}


def _number(texts: pa.Array) -> pa.Array:
    """Numbers of texts; a compared one such as `<5` is no quantity and no amount."""
    comparator, number = numbers(texts)
    return pc.if_else(comparator.is_null(), number, pa.scalar(None, DOUBLE))


def _currency(ft1: Rows, field: int) -> pa.Array:
    """The second subcomponent of a price (CP): `100&USD`."""
    cells, delimiters = ft1.cells(field), ft1.index.delimiters
    if not delimiters.subcomponent:
        return pa.nulls(len(ft1), STRING)
    price = piece(first_repetition(cells.texts, delimiters), delimiters.component, 1)
    return cells.spread(component(piece(price, delimiters.subcomponent, 2), delimiters, 1), STRING)
