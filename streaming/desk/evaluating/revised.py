"""What an alert rests on that is told otherwise since.

Here: evidence whose row no longer stands: corrected, withdrawn by its sender (deleted, cancelled or
another patient's), or an order that was cancelled. Not here: which version of a result stands
(lakehouse/observations.py), or whether the alert would still be raised (judging.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa

from clinical.concepts.statuses import CANCELLED, WRONG_PATIENT
from streaming.desk.picture.person import Person
from streaming.desk.picture.picture import Picture

Row = Mapping[str, Any]
Place = tuple[str, int, int, int]
How = Literal["corrected", "withdrawn", "misfiled", "cancelled"]


@dataclass(frozen=True, slots=True)
class Revised:
    """An input that no longer stands as it was: its name, how, and the thing's own identity."""

    name: str
    how: How
    identity: str


def place_of(row: Row) -> Place:
    """Where a row lies."""
    return row["feed"], row["partition"], row["offset"], row["row"]


def message_of(row: Row) -> tuple[str, int, int]:
    """The message that a row came with."""
    return row["feed"], row["partition"], row["offset"]


def revised(picture: Picture, one: Person, alert: Row, now: datetime) -> list[Revised]:
    """The inputs of an alert that no longer stand, of what is known now."""
    named = {place_of(item): item for item in alert["evidence"] if item.get("offset") is not None}
    if not named:
        return []
    return [
        *_results(one.facts("observations", now), picture.standing(one, now), named),
        *_cancelled(one.facts("order_events", now), named),
        *_cancelled(one.facts("medication_events", now), named),
    ]


def _results(told: pa.Table, standing: pa.Table, named: Mapping[Place, Row]) -> Iterator[Revised]:
    stands = {row["observation_id"]: row for row in _short(standing)}
    rows = list(_short(told))
    anothers = {row["observation_id"] for row in rows if row["not_scored_reason"] == WRONG_PATIENT}
    for row in rows:
        item = named.get(place_of(row))
        if item is None or row["effective_at"] != moment(item["effective_at"]):
            continue
        now = stands.get(row["observation_id"])
        if now is None or now["status"] == CANCELLED:
            how: How = "misfiled" if row["observation_id"] in anothers else "withdrawn"
            yield Revised(item["name"], how, row["observation_id"])
        elif place_of(now) != place_of(row):
            yield Revised(item["name"], "corrected", row["observation_id"])


def _short(rows: pa.Table) -> Iterator[Row]:
    of_result = ("observation_id", "status", "effective_at", "not_scored_reason")
    yield from rows.select(["feed", "partition", "offset", "row", *of_result]).to_pylist()


def _cancelled(told: pa.Table, named: Mapping[Place, Row]) -> Iterator[Revised]:
    rows = told.to_pylist()
    gone = {row["order_id"] for row in rows if is_cancelling(row)}
    for row in rows:
        item = named.get(place_of(row))
        if item is not None and row["order_id"] in gone and _says(row, item["name"]):
            yield Revised(item["name"], "cancelled", row["order_id"])


def is_cancelling(row: Row) -> bool:
    """Whether an event says that its order was never to be; one of a dose alone does not."""
    if row.get("event_id") is not None:
        return False
    return bool(row.get("is_cancelled")) or row["event"] == "cancelled"


def _says(row: Row, name: str) -> bool:
    """Whether an order tells of an input: rows of two tables may have one place."""
    told = (row["concept"], row.get("ingredient"))
    return any(one and name.startswith(one) for one in told)


def moment(told: datetime | str | None) -> datetime | None:
    """A time of a stored alert, which a store of text keeps as text."""
    return datetime.fromisoformat(told) if isinstance(told, str) else told
