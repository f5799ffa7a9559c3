"""Facts as the lake has them, made by hand: cultures, antibiotics and observations of one day."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pyarrow as pa

from lakehouse.tables import TABLES

DAWN = datetime(2026, 1, 5, tzinfo=UTC)
_NUMBER = count()


def clock(hour):
    """So many hours after the midnight that begins the day."""
    return DAWN + timedelta(hours=hour)


def orders(name, rows):
    """Rows of a fact table with the contract's columns; what a row does not say is null."""
    schema = TABLES[name].schema
    loose = pa.schema([field.with_nullable(True) for field in schema])
    return pa.Table.from_pylist(list(rows), loose)


def _row(patient, received):
    moment = clock(received)
    place = {"feed": "f", "partition": 0, "offset": next(_NUMBER), "row": 0}
    who = {"facility": "H", "patient_id": patient, "encounter_id": "V1"}
    return place | who | {"received_at": moment, "received_date": moment.date()}


def culture(
    order, hour, *, received=None, is_cancelled=False, patient="P1", service="BLOOD CULTURE"
):
    """A culture collected at an hour."""
    return _row(patient, hour if received is None else received) | {
        "order_id": order,
        "concept": "culture",
        "code_text": service,
        "effective_at": clock(hour),
        "documented_at": clock(hour),
        "is_cancelled": is_cancelled,
    }


def antibiotic(
    order, hour, *, received=None, event="administered", patient="P1", until=None, drug="cefepime"
):
    """An antibiotic given, or ordered, from an hour on."""
    return _row(patient, hour if received is None else received) | {
        "order_id": order,
        "concept": "vasopressor" if drug == "norepinephrine" else "antibiotic",
        "ingredient": drug,
        "event": event,
        "route": "IV",
        "started_at": clock(hour),
        "ended_at": None if until is None else clock(until),
        "documented_at": clock(hour),
    }


def observed(concept, hour, value, *, received=None, patient="P1"):
    """A value that may be scored."""
    return _row(patient, hour if received is None else received) | {
        "observation_id": f"{patient}-{concept}-{hour}",
        "concept": concept,
        "value": value,
        "effective_at": clock(hour),
        "documented_at": clock(hour),
        "status": "final",
        "is_scored": True,
    }
