"""The life of a drug order in plain Python, for checking the list that the picture shows.

Here: one patient's rows, one moment, no SQL; written from the words of the law
(lakehouse/medications.py) and clinical-definitions. Not here: merged patients.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]
STEPS = ("ordered", "changed", "resumed", "held", "completed", "discontinued", "cancelled")
DOSES = {"administered", "not_given"}
OUTPATIENT = {"O", "P", "R", "C", "AMB", "HH", "VR", "PRENC", "FLD"}


def standing(drugs: Iterable[Row], stays: Sequence[Row], at: datetime) -> set[tuple[str, ...]]:
    """(order, code, state) of every drug that is in force or held, of the rows known by then."""
    orders: dict[str, list[Row]] = defaultdict(list)
    for row in drugs:
        if row["order_id"] and row["received_at"] <= at and _speaks(row):
            orders[row["order_id"]].append(row)
    dated = {number: _dated(rows) for number, rows in orders.items()}
    found = set()
    for number, events in dated.items():
        state = _state(number, events, dated, stays, at)
        if state in {"active", "held"}:
            found |= {(number, code or "", state) for code in _drugs(events, at)}
    return found


def _speaks(row: Row) -> bool:
    if row["event"] in DOSES:
        return row["order_status"] == "CM"
    return row["event"] in STEPS and row["event_id"] is None


def _event(row: Row) -> str:
    if row["event"] in DOSES:
        return "completed"
    if row["order_status"] in {"entered-in-error", "draft"}:
        return "cancelled"
    return str(row["event"])


def _dated(rows: Sequence[Row]) -> list[tuple[datetime, str, Row]]:
    """When each event was written, what it is, and its row, in the order of the law."""
    first = [r["documented_at"] for r in rows if _event(r) == "ordered" and r["documented_at"]]
    found = []
    for row in rows:
        written = row["documented_at"] or row["received_at"]
        if row["event"] in DOSES:
            written = row["ended_at"] or row["started_at"] or written
        elif first and _event(row) != "ordered" and row["documented_at"] == min(first):
            written = max(written, row["received_at"])
        found.append((written, _event(row), row))
    return sorted(found, key=lambda one: (one[0], STEPS.index(one[1]), *_arrival(one[2])))


def _arrival(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("received_at", "feed", "partition", "offset", "row"))


def _state(
    number: str,
    events: Sequence[tuple[datetime, str, Row]],
    orders: Mapping[str, Sequence[tuple[datetime, str, Row]]],
    stays: Sequence[Row],
    at: datetime,
) -> str:
    if any(row["order_status"] in {"entered-in-error", "draft"} for _, _, row in events):
        return "cancelled"
    decided = [event for written, event, _ in events if event != "changed" and written <= at]
    if decided and decided[-1] in {"cancelled", "discontinued", "completed"}:
        return decided[-1]
    for other in orders.values():
        for written, _, row in other:
            replaces = row["replaces_id"] == number != row["order_id"] and row["event"] in STEPS[:2]
            if replaces and max(written, row["started_at"] or written) <= at:
                return "replaced"
    described = _described(events, at)
    if not described:
        return "unknown"
    end = described[0]["ended_at"] or _discharge(described[0], stays, at)
    if end is not None and end <= at:
        return "completed"
    return "held" if decided and decided[-1] == "held" else "active"


def _described(events: Sequence[tuple[datetime, str, Row]], at: datetime) -> list[Row]:
    """The rows of the message that says what the order is at a moment."""
    told = [
        (written, row)
        for written, _, row in events
        if (row["code"] is not None or row["code_text"] is not None)
        and (row["started_at"] or written) <= at
    ]
    told = [one for one in told if one[1]["event"] in STEPS[:2]] or told
    if not told:
        return []
    written = [one for one in told if one[0] <= at]
    best = written[-1][1] if written else told[0][1]
    place = ("feed", "partition", "offset")
    return [row for _, row in told if all(row[name] == best[name] for name in place)]


def _drugs(events: Sequence[tuple[datetime, str, Row]], at: datetime) -> list[str | None]:
    return [row["code"] for row in _described(events, at)]


def _discharge(order: Row, stays: Sequence[Row], at: datetime) -> datetime | None:
    mine = [
        row
        for row in stays
        if row["encounter_id"] == order["encounter_id"] is not None and row["received_at"] <= at
    ]
    ends = [row for row in mine if row["event"] == "discharge"]
    back = [row["received_at"] for row in mine if row["event"] == "cancel_discharge"]
    if not ends or (back and max(back) > max(row["received_at"] for row in ends)):
        return None
    classes = [row for row in sorted(mine, key=_arrival) if row["patient_class"]]
    if classes and classes[-1]["patient_class"] in OUTPATIENT:
        return None
    times = [row["discharged_at"] for row in ends if row["discharged_at"]]
    return max(times, default=None)
