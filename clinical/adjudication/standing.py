"""Which facts stand in the end: not withdrawn, and not replaced by a later version.

Here: rows of a fact table whose signals stand, with where they lie. What a later message withdraws
never was; of an order or an observation the last version counts, of a medication each time it was
given. The law is that of the signals (clinical/normalise/signals.py). Not here: what the rows mean
(evidence.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from clinical.normalise.medications import MEDICATION_CLASSES
from clinical.normalise.signals import signals
from clinical.normalise.written import WRITTEN

_PLACE = ("feed", "partition", "offset", "row")
_WANTED = (
    *("facility", "patient_id", "encounter_id", "received_at", "started_at", "ended_at"),
    *("code", "code_text", "specimen", "route", "event", "ingredient"),
)


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """Where a fact lies: its table and its row's provenance."""

    table: str
    feed: str
    partition: int
    offset: int
    row: int


def standing(
    facts: Mapping[str, pa.Table], name: str, concepts: Iterable[str]
) -> list[dict[str, Any]]:
    """The rows of a table whose signals stand at the end, with patient, concept, time and value."""
    if name not in facts or not facts[name].num_rows:
        return []
    told = signals({name: facts[name]})
    told = told.filter(pc.is_in(told["concept"], pa.array([*concepts], pa.string())))
    stands: dict[tuple[Any, ...], dict[int, dict[str, Any]]] = defaultdict(dict)
    # Of what was written at one moment the later arrival is the later version.
    for one in sorted(_whole(told).to_pylist(), key=lambda row: row[WRITTEN] or 0):
        signal = (one["facility"], one["patient_id"], one["concept"], one["signal_id"])
        if one["void"]:
            stands.pop(signal, None)
        else:
            # A later dose of one order corrects no earlier one; a later state of an order does.
            again = one["effective_at"] if one["concept"] in MEDICATION_CLASSES else 0
            stands[signal][again] = one
    rows = [one for versions in stands.values() for one in versions.values()]
    return _with_row(facts[name], name, rows)


def _whole(rows: pa.Table) -> pa.Table:
    """Instants as integers: exact, and cheap as Python values."""
    schema = pa.schema(
        [f.with_type(pa.int64()) if pa.types.is_timestamp(f.type) else f for f in rows.schema]
    )
    return rows.cast(schema)


def _with_row(table: pa.Table, name: str, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    places = {tuple(one[part] for part in _PLACE) for one in found}
    offsets = pa.array(sorted({place[2] for place in places}), pa.int64())
    chosen = table.filter(pc.is_in(table["offset"], offsets))
    wanted = [column for column in (*_PLACE, *_WANTED) if column in table.column_names]
    by_place = {
        tuple(row[part] for part in _PLACE): row
        for row in _whole(chosen.select(wanted)).to_pylist()
    }
    return [
        {
            **by_place[place],
            "patient": (one["facility"], one["patient_id"]),
            "concept": one["concept"],
            "at": one["effective_at"],
            "told": one["value"],
            "source": Source(name, *place),
        }
        for one in found
        for place in [tuple(one[part] for part in _PLACE)]
    ]
