"""The stored rows and messages behind an alert.

Here: finding them in a lake by the places that evidence names. Not here: what is made of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import pyarrow as pa

from clinical.normalise.conditions import CONDITIONS
from lakehouse.lineage import SCORED_FACTS
from pulsehouse.contents import Contents, Row

PLACE = ("feed", "partition", "offset", "row")
Place = tuple[Any, ...]
# Told of stays by encounter events, whichever of their columns dates them.
STAYS = frozenset({"admission", "discharge", "icu_admission", "surgery"})
# What a person needs to judge a stored row; never a name or an identifier.
_TOLD: Mapping[str, Sequence[str]] = {
    "observations": (
        *("code", "code_system", "code_text", "value_text", "comparator", "unit_as_sent", "status"),
        *("concept", "value", "ucum_unit", "effective_at", "documented_at", "received_at"),
    ),
    "order_events": (
        *("code", "code_system", "code_text", "specimen", "order_control", "order_status"),
        *("concept", "effective_at", "documented_at", "received_at"),
    ),
    "medication_events": (
        *("code", "code_system", "code_text", "event", "ingredient", "route", "dose", "dose_unit"),
        *("rate", "rate_unit", "concept", "started_at", "ended_at", "documented_at"),
        "received_at",
    ),
    "patient_demographics": ("received_at",),
    "encounter_events": ("event", "event_at", "unit", "documented_at", "received_at"),
    "diagnoses": (
        *("code", "code_system", "code_text", "status", "onset_at", "ended_at"),
        *("documented_at", "received_at"),
    ),
    "procedures": (
        *("code", "code_system", "code_text", "concept", "status", "started_at", "ended_at"),
        *("documented_at", "received_at"),
    ),
    "flags": (
        *("code", "code_system", "code_text", "concept", "value_code", "status", "started_at"),
        *("ended_at", "documented_at", "received_at"),
    ),
}
_MESSAGE = (
    *("feed", "partition", "offset", "message_control_id", "message_type", "sender"),
    "received_at",
)


def place_of(item: Row) -> Place:
    """Where the stored row of an input lies."""
    return tuple(item[name] for name in PLACE)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows at the places asked for, by table, the messages, and whose rows they are."""

    by_table: Mapping[str, Mapping[Place, Row]]
    messages: Mapping[Place, Row]

    @classmethod
    def of(cls, contents: Contents, items: Sequence[Row], *, identified: bool) -> Self:
        """Look them up; `identified` also takes the messages' bytes."""
        contents.connection.register("wanted", wanted(items))
        by_table = {
            table: {place_of(row): row for row in contents.ask(_ROWS.format(table=table))}
            for table in SCORED_FACTS
        }
        rows = contents.ask(_MESSAGES)
        contents.connection.unregister("wanted")
        names = (*_MESSAGE, "raw") if identified else _MESSAGE
        told = {place_of(row)[:3]: {name: row[name] for name in names} for row in rows}
        return cls(by_table, told)

    @property
    def patients(self) -> list[str]:
        """The identifiers under which the rows were received."""
        rows = (row for found in self.by_table.values() for row in found.values())
        return sorted({row["patient_id"] for row in rows if row["patient_id"]})

    def stored(self, item: Row, *concepts: str) -> tuple[str, Row | None]:
        """The table and the row that an input came from, which says one of these concepts."""
        found = {
            t: rows[place_of(item)] for t, rows in self.by_table.items() if place_of(item) in rows
        }
        said = [t for t, row in found.items() if any(_says(t, row, one) for one in concepts)]
        table = next(iter(said or found), SCORED_FACTS[0])
        row = found.get(table)
        return table, None if row is None else {name: row[name] for name in _TOLD[table]}

    def concept(self, item: Row) -> str:
        """What the row of an input says it is of; the input's own name where it says nothing."""
        _, row = self.stored(item)
        return str((row or {}).get("concept") or item["name"])

    def message(self, item: Row) -> Row | None:
        """The message that brought an input."""
        return self.messages.get(place_of(item)[:3])


def _says(table: str, row: Row, concept: str) -> bool:
    """Whether a row of a table says something of a concept: rows of two tables share a place."""
    if table == "patient_demographics":
        return concept == "birth_date"
    if table == "encounter_events":
        return concept in STAYS
    if table == "diagnoses":
        return concept in CONDITIONS
    names = (row["concept"], row.get("ingredient"))
    return any(name and concept.startswith(name) for name in names)


def wanted(items: Sequence[Row]) -> pa.Table:
    """The places of inputs as a table that SQL can join."""
    kinds = (pa.string(), pa.int32(), pa.int64(), pa.int32())
    return pa.table(
        {
            name: pa.array([item[name] for item in items], kind)
            for name, kind in zip(PLACE, kinds, strict=True)
        }
    )


_ROWS = """
select t.*
from {table} as t
semi join wanted as w
    on t.feed = w.feed and t."partition" = w."partition"
    and t."offset" = w."offset" and t."row" = w."row"
"""

_MESSAGES = """
select m.*
from raw_messages as m
semi join wanted as w
    on m.feed = w.feed and m."partition" = w."partition" and m."offset" = w."offset"
"""
