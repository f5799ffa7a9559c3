"""Technical alarms: raised once, open until they are ended.

Here: raising, ending and listing them, in the ledger `alarms`; whoever does it, from whichever
process, an alarm that is open is not raised again. Not here: what is an alarm (whoever raises it),
or alerts about patients (lakehouse/tables.py).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import pyarrow as pa

from lakehouse.batch.operations import ALARM_KINDS, ALARMS
from lakehouse.batch_reading import read_batch
from lakehouse.errors import AppendError, LedgerMovedError
from lakehouse.lake import Lake
from lakehouse.ledgers import append_entry

ATTEMPTS: Final = 20
Event = Literal["raised", "ended"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm that is open: what it is about, since when, and what to do."""

    kind: str
    subject: str
    since: datetime
    detail: str


def raise_alarm(lake: Lake, kind: str, subject: str, detail: str, now: datetime) -> bool:
    """Raise an alarm; False where it is open already.

    Args:
        lake: The lake, open for writing.
        kind: One of `ALARM_KINDS`.
        subject: The feed or component.
        detail: What is known, and what to do, in one line; nothing of a patient.
        now: When.

    Raises:
        AppendError: It could not be stored.
    """
    return _enter(lake, "raised", Alarm(kind, subject, now, detail))


def end_alarm(lake: Lake, kind: str, subject: str, detail: str, now: datetime) -> bool:
    """End an alarm; False where none is open. Arguments and errors as of `raise_alarm`."""
    return _enter(lake, "ended", Alarm(kind, subject, now, detail))


def open_alarms(lake: Lake) -> list[Alarm]:
    """The alarms that are raised and not ended, oldest first."""
    newest = {row["line"]: row for row in read_batch(lake, ALARMS, order=ALARMS.key).to_pylist()}
    found = [
        Alarm(row["kind"], row["subject"], row["at"], row["detail"])
        for row in newest.values()
        if row["event"] == "raised"
    ]
    return sorted(found, key=lambda alarm: (alarm.since, alarm.kind, alarm.subject))


def _enter(lake: Lake, event: Event, told: Alarm) -> bool:
    if told.kind not in ALARM_KINDS:
        msg = f"no kind of alarm {told.kind!r}; known are {', '.join(ALARM_KINDS)}"
        raise ValueError(msg)
    line = f"{told.kind}/{told.subject}"
    for _ in range(ATTEMPTS):
        number, last = _last(lake, line)
        if last == event:
            return False
        try:
            append_entry(lake, ALARMS, line, number + 1, _row(line, number + 1, event, told))
        except LedgerMovedError:
            continue
        return True
    msg = f"could not say that an alarm is {event} in {lake.root}: {ATTEMPTS} others came first"
    raise AppendError(msg)


def _last(lake: Lake, line: str) -> tuple[int, Event]:
    """How many entries a line has, and what its last one says; a line without any is ended."""
    rows = read_batch(lake, ALARMS, ("line", "number", "event"), order=ALARMS.key).to_pylist()
    mine = [row for row in rows if row["line"] == line]
    return (mine[-1]["number"], mine[-1]["event"]) if mine else (0, "ended")


def _row(line: str, number: int, event: Event, told: Alarm) -> pa.Table:
    entry = {
        "line": line,
        "number": number,
        "kind": told.kind,
        "subject": told.subject,
        "event": event,
        "at": told.since,
        "detail": told.detail,
    }
    return pa.Table.from_pylist([entry], ALARMS.schema)
