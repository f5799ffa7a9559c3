"""A ward whose messages raise real alerts, and a desk that takes them.

Here: results, admissions, transfers and merges of one patient, told to a lake message by message;
the alerts are those of the very fold that the stream runs. Not here: what is tested with them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from clinical.detection.batch_clock import BatchClock
from clinical.detection.shard import Shard
from clinical.normalise import normalise
from clinical.wire import decode
from streaming.desk.desk import Desk
from streaming.desk.evaluating.keeping_up import KeepingUp
from streaming.desk.scopes import Scope
from tests.lakehouse.told import WARD, message
from tests.streaming.desk.desks import SetClock, desk_at, take_alerts
from tests.streaming.desk.picture.lakes import TIMES, picture_of, tell

_EVERY = Scope(None)
NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


@dataclass(slots=True)
class Ward:
    """A lake, the fold beside it, and the desk over both."""

    desk: Desk
    clock: SetClock
    keeping: KeepingUp
    shard: Shard = field(default_factory=lambda: Shard(BatchClock()))
    told: int = 0

    def tell(self, *messages: bytes, keeps_up: bool = True) -> None:
        """Messages arrive, one a minute; the desk takes the alerts they raise, then keeps up."""
        received = [self.clock.move(minutes=1) for _ in messages]
        alerts = self.folded(messages, received)
        tell(self.desk.lake, messages, received, self.told)
        self.told += len(messages)
        if alerts:
            take_alerts(self.desk, *alerts)
        if keeps_up:
            self.keeping.step(self.clock.now())

    def keep_up(self) -> None:
        """Another turn of the desk."""
        self.keeping.step(self.clock.now())

    def folded(self, messages: Sequence[bytes], received: Sequence[datetime]) -> list[dict]:
        """The alerts that messages raise."""
        times = pa.array(received, TIMES)
        facts = normalise(decode(pa.array(messages, pa.binary()), WARD), times, WARD)
        placed = {name: _placed(rows, times, self.told) for name, rows in facts.items()}
        found = self.shard.step({name: rows for name, rows in placed.items() if rows.num_rows})
        return [] if found.alerts is None else [_taken(row) for row in found.alerts.to_pylist()]

    def cases(self) -> dict[str, str]:
        """The state of every case by its rule, of closed ones too."""
        since = NOON - timedelta(days=1)
        found = self.desk.cases.history(_EVERY, since, NOON + timedelta(days=9))
        return {case.rule: case.state for case in found}

    def notes(self) -> list[tuple[str | None, str | None]]:
        """Reason and note of every annotation, in order."""
        since = NOON - timedelta(days=1)
        found = self.desk.cases.history(_EVERY, since, NOON + timedelta(days=9))
        return [
            (entry.reason, entry.note)
            for case in found
            for entry in self.desk.cases.entries(case.alert_id)
            if entry.event == "annotate"
        ]


@contextmanager
def ward_at(root: Path) -> Iterator[Ward]:
    """An empty ward at noon."""
    clock = SetClock(NOON)
    with desk_at(root, clock) as desk:
        picture = picture_of(desk.lake, clock.now())
        yield Ward(desk, clock, KeepingUp.of(picture, desk.cases))


def potassium(value: str, at: str = "1130", *, status: str = "F", patient: str = "1") -> bytes:
    """A result of one specimen; a later one of the same time is a later version of it."""
    obr = f"OBR|1|P1|S1|K^Potassium^L|||20240601{at}"
    obx = f"OBX|1|NM|K^Potassium^L|1|{value}|mmol/L|||||{status}|||20240601{at}"
    return message("ORU^R01", "1200", obr, obx, patient=patient)


def placed(event: str, unit: str, at: str, *, patient: str = "1", visit: str = "V1") -> bytes:
    """An admission (A01), transfer (A02) or discharge (A03)."""
    segments = (f"EVN||20240601{at}", f"PV1||I|{unit}^1^A{'|' * 16}{visit}")
    return message(f"ADT^{event}", at, *segments, patient=patient)


def merged(retired: str, surviving: str) -> bytes:
    """A merge of two identifiers."""
    return message("ADT^A40", "1210", f"MRG|{retired}^^^H^MR", patient=surviving)


def _taken(row: dict) -> dict:
    """An alert of the fold as the lake has it."""
    return {"received_date": row["received_at"].date()} | row


def _placed(rows: pa.Table, received: pa.Array, first: int) -> pa.Table:
    number = rows["message"].combine_chunks()
    count = rows.num_rows
    columns = {
        "feed": pa.array(["ward"] * count),
        "partition": pa.array([0] * count, pa.int32()),
        "offset": pa.array([first + one for one in number.to_pylist()], pa.int64()),
        "received_at": received.take(number),
    }
    for name, column in columns.items():
        rows = rows.append_column(name, column)
    return rows
