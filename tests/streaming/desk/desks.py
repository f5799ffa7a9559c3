"""Desks for tests: over a small lake, with a clock that is set by hand, and alerts to take.

Here: factories. Not here: what is tested with them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from lakehouse.appends import append
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import ALERTS
from streaming.desk.desk import Desk, open_desk
from streaming.desk.intake.taking import Taken, take
from streaming.desk.store.opening import FILE, open_store

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FEED = "mimic3"
FACILITY = "BETH"


@dataclass(slots=True)
class SetClock:
    """A clock that stands until it is moved."""

    at: datetime = START
    rehearses: bool = False

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at


@contextmanager
def desk_at(root: Path, clock: Any = None, **settings: Any) -> Iterator[Desk]:
    """A desk over a lake of its own, closed at the end."""
    lake = Lake.open(root / "lake", create=True)
    if "desk_database" not in settings:
        file = lake.root / FILE
        file.parent.mkdir(exist_ok=True)
        if not file.exists():
            file.write_bytes(_empty_store())
    desk = open_desk(Settings(lake=lake.root, **settings), lake, clock or SetClock())
    try:
        yield desk
    finally:
        desk.close()


@cache
def _empty_store() -> bytes:
    """A store's file with all its tables and no row: to make them takes longer than most tests."""
    with TemporaryDirectory() as folder:
        open_store(Settings(lake=Path(folder)), Path(folder)).dispose()
        return (Path(folder) / FILE).read_bytes()


def alert(number: int = 0, **said: Any) -> dict[str, Any]:
    """One row of the table `alerts`; every number is another alert of another patient."""
    raised_at = said.get("raised_at", START)
    family = said.get("rule_family", "news2")
    alert_id = said.get("alert_id", f"{FEED}-1000-{number}-{family}")
    row = {
        "feed": FEED,
        "partition": 1000,
        "offset": number,
        "row": 0,
        "received_at": raised_at,
        "received_date": raised_at.date(),
        "facility": FACILITY,
        "patient_id": f"MRN-{number}",
        "encounter_id": f"VISIT-{number}",
        "alert_id": alert_id,
        "episode_id": alert_id,
        "rule": "news2_urgent",
        "rule_family": family,
        "rules_version": "0" * 16,
        "band": 2,
        "severity": "high",
        "declared_severity": "high",
        "status": "raised",
        "suppressed_by": None,
        "title": "NEWS2 urgent response",
        "unit": "MICU",
        "raised_at": raised_at,
        "batch_at": raised_at + timedelta(hours=17),
        "hours_before_batch": 17.0,
        "evidence": [evidence("heart_rate", 131.0, "/min", raised_at, number)],
        "missing": ["temperature"],
        "contexts": [],
        "route": "unit",
    }
    return row | said


def evidence(name: str, value: float, unit: str, at: datetime, offset: int) -> dict[str, Any]:
    """One value that an alert rests on."""
    place = {"feed": FEED, "partition": 1000, "offset": offset, "row": 0}
    return {"name": name, "value": value, "unit": unit, "effective_at": at, **place}


def write_alerts(lake: Lake, alerts: Sequence[Mapping[str, Any]]) -> None:
    """Commit alerts to the lake, as the stream does."""
    rows = pa.Table.from_pylist(list(alerts), ALERTS.schema)
    append(lake, ALERTS, FEED, 1000, rows, max(alert["offset"] for alert in alerts))


def take_alerts(desk: Desk, *alerts: Mapping[str, Any]) -> Taken:
    """Take alerts at once, without the lake between."""
    return take(desk, alerts, desk.clock.now())


_SEVERITIES = ("critical", "high", "medium", "low")
_UNITS = ("MICU", "SICU", "CCU", "7 WEST")


def varied(number: int, raised_at: datetime = START) -> Iterator[dict[str, Any]]:
    """So many alerts of several severities and units."""
    for place in count():
        if place == number:
            return
        yield alert(
            place,
            severity=_SEVERITIES[place % 4],
            unit=_UNITS[place // 4 % 4],
            raised_at=raised_at - timedelta(seconds=place % 600),
        )
