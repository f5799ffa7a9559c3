"""A ward for detection tests: facts by the minute, folded by one shard."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from clinical.concepts import CONCEPTS
from clinical.detection.batch_clock import BatchClock
from clinical.detection.shard import Shard
from lakehouse.tables import TABLES

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)

Row = dict[str, Any]


@dataclass(slots=True)
class Ward:
    """Messages told to a shard one by one; collects scores and alerts."""

    shard: Shard = field(default_factory=lambda: Shard(BatchClock()))
    scores: list[Row] = field(default_factory=list)
    alerts: list[Row] = field(default_factory=list)
    offset: int = 0

    def chart(
        self, hours: float, patient: str = "p1", *, withdrawn: bool = False, **values: float
    ) -> None:
        """Values charted and received at once, `hours` after the start; again: corrected."""
        at = START + timedelta(hours=hours)
        rows = [_observed(patient, name, value, at) for name, value in values.items()]
        for row in rows if withdrawn else ():
            row |= {"status": "entered_in_error", "is_scored": False, "value": None}
        self.tell(at, observations=rows)

    def culture(self, hours: float, patient: str = "p1", *, cancelled: bool = False) -> None:
        """A blood culture ordered, or that order withdrawn."""
        at = START + timedelta(hours=hours)
        row = {"patient_id": patient, "concept": "culture", "order_id": "C1", "effective_at": at}
        self.tell(at, order_events=[{**row, "is_cancelled": cancelled, "documented_at": at}])

    def antibiotic(self, hours: float, patient: str = "p1") -> None:
        """An antibiotic ordered."""
        at = START + timedelta(hours=hours)
        row = {"patient_id": patient, "concept": "antibiotic", "order_id": f"A{hours}"}
        self.tell(at, medication_events=[{**row, "event": "ordered", "started_at": at}])

    def born(self, birth_date: date, patient: str = "p1") -> None:
        """Demographics with a birth date."""
        row = {"patient_id": patient, "birth_date": birth_date}
        self.tell(START, patient_demographics=[row])

    def merge(self, hours: float, retired: str, surviving: str, event: str = "merge") -> None:
        """One identifier retired into another, or what takes that back."""
        row = {"event": event, "retired_id": retired, "surviving_id": surviving}
        self.tell(START + timedelta(hours=hours), identity_events=[row])

    def move(self, hours: float, unit: str, patient: str = "p1") -> None:
        """A transfer to a unit."""
        row = {"event": "transfer", "patient_id": patient, "unit": unit}
        self.tell(START + timedelta(hours=hours), encounter_events=[row])

    def tell(self, received_at: datetime, **facts: list[Row]) -> None:
        """One message."""
        tables = {name: self._table(name, rows, received_at) for name, rows in facts.items()}
        derived = self.shard.step(tables)
        self.offset += 1
        self.scores += derived.scores.to_pylist() if derived.scores else []
        self.alerts += derived.alerts.to_pylist() if derived.alerts else []

    def _table(self, name: str, rows: Iterable[Row], received_at: datetime) -> pa.Table:
        place = {"feed": "f", "partition": 0, "offset": self.offset, "received_at": received_at}
        full = [
            {**dict.fromkeys(TABLES[name].schema.names), "facility": "H", **place, "row": n, **row}
            for n, row in enumerate(rows)
        ]
        for row in full:
            row["received_date"] = received_at.date()
        nullable = pa.schema([item.with_nullable(True) for item in TABLES[name].schema])
        table = pa.Table.from_pylist(full, nullable)
        return table.append_column("message", pa.array([0] * len(full), pa.int32()))

    def told(self, *names: str) -> list[tuple[Any, ...]]:
        """The named columns of every alert."""
        return [tuple(alert[name] for name in names) for alert in self.alerts]


def _observed(patient: str, concept: str, value: float, at: datetime) -> Row:
    return {
        "patient_id": patient,
        "concept": concept,
        "observation_id": f"{concept}|{at.isoformat()}",
        "value": float(value),
        "ucum_unit": CONCEPTS[concept].unit,
        "effective_at": at,
        "status": "final",
        "is_scored": True,
    }
