"""The newest values of a patient that stand.

Here: vital signs and laboratory results, with age and the line of the last day. Not here: which
version of a result stands (lakehouse/observations.py).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from clinical.concepts import CONCEPTS, round_value
from streaming.desk.picture.views import Reading

# What is charted at the bed, in the order in which a ward reads it; other numbers are results.
VITALS: Final = (
    *("respiratory_rate", "spo2", "oxygen_device", "oxygen_flow", "fio2", "spo2_scale"),
    *("systolic_bp", "diastolic_bp", "mean_bp", "heart_rate", "temperature", "consciousness"),
    *("gcs_total", "gcs_eye", "gcs_verbal", "gcs_motor", "rass", "etco2", "cvp", "peep"),
    *("urine_output", "weight", "height"),
)
LABS: Final = tuple(
    name
    for name, concept in CONCEPTS.items()
    if concept.kind == "numeric"
    and name not in VITALS
    and not name.endswith(("_rate", "_flow", "_volume", "_in"))
)
_LINE: Final = timedelta(hours=24)
_SAME: Final = (
    *("concept", "comparator", "effective_at", "received_at", "status", "is_verified"),
    *("feed", "partition", "offset", "row"),
)


def readings(standing: pa.Table, concepts: Iterable[str], at: datetime) -> tuple[Reading, ...]:
    """The newest value of each concept up to a moment, of the versions that stand."""
    wanted = {name: number for number, name in enumerate(concepts)}
    mask = pc.and_(
        pc.is_in(standing["concept"], pa.array(list(wanted))),
        pc.less_equal(standing["effective_at"], pa.scalar(at, standing["effective_at"].type)),
    )
    rows = standing.filter(pc.fill_null(mask, fill_value=False)).to_pylist()
    by_concept: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=_order):
        by_concept.setdefault(row["concept"], []).append(row)
    found = [_reading(several, at) for several in by_concept.values()]
    return tuple(sorted(found, key=lambda one: wanted[one.concept]))


def _order(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["effective_at"], row["received_at"], row["offset"], row["row"]


def _reading(rows: list[dict[str, Any]], at: datetime) -> Reading:
    newest = rows[-1]
    concept = CONCEPTS[newest["concept"]]
    hours = concept.lookback_hours
    return Reading(
        label=concept.description,
        value=_rounded(newest),
        text=_text(newest),
        unit=_unit(newest),
        sent=" ".join(filter(None, (newest["value_text"], newest["unit_as_sent"]))) or None,
        is_stale=hours is not None and at - newest["effective_at"] > timedelta(hours=hours),
        abnormal=newest["abnormal_flag"],
        before=tuple(
            (row["effective_at"], value)
            for row in rows
            if at - row["effective_at"] <= _LINE and (value := _rounded(row)) is not None
        ),
        **{name: newest[name] for name in _SAME},
    )


def _text(row: dict[str, Any]) -> str | None:
    """What stands in place of a number: a coded answer, or words that are no number to us."""
    is_told = row["value_code"] is not None or row["value"] is not None
    text: str | None = row["value_code"] if is_told else row["value_text"]
    return text


def _unit(row: dict[str, Any]) -> str | None:
    """The unit of the very number or words that are given."""
    if row["value_code"] is not None:
        return None
    unit: str | None = row["unit_as_sent"] if row["value"] is None else row["ucum_unit"]
    return unit


def _rounded(row: dict[str, Any]) -> float | None:
    if row["value"] is None:
        return None
    return round_value(row["value"], CONCEPTS[row["concept"]].precision)
