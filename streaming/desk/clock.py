"""The desk's clock: steps of a machine's own clock move no deadline.

Here: the time by which cases are asked, told and escalated. Not here: any deadline: time is an
argument of clinical/alerts and clinical/routing.

A wall clock is read once and carried on by the monotonic one, which nobody sets. Workers that share
a PostgreSQL take its clock; those that share an SQLite are on one machine, and so share a monotonic
clock: the first says in the store what time it was, and all others carry on from that.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol, Self

from sqlalchemy import Engine, delete, func, insert, select

from streaming.desk.store.models import NOTES
from streaming.desk.store.types import EPOCH
from streaming.desk.store.writing import SQLITE, reading, writing

ANCHOR: Final = "clock_anchor"
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """What time it is."""

    @property
    def rehearses(self) -> bool:
        """Whether it is a time of the past that runs again."""

    def now(self) -> datetime:
        """Now, in UTC."""


@dataclass(frozen=True, slots=True)
class Anchored:
    """A time at a reading of the monotonic clock, carried on by that clock."""

    at: datetime
    reading: float
    rehearses: bool = False
    monotonic: Callable[[], float] = time.monotonic

    def now(self) -> datetime:
        """Now, in UTC."""
        return self.at + timedelta(seconds=self.monotonic() - self.reading)

    @classmethod
    def system(cls) -> Self:
        """From this machine's clock as it stands now."""
        return cls(datetime.now(UTC), time.monotonic())

    @classmethod
    def rehearsal(cls, at: datetime) -> Self:
        """From a time of the past, which begins now."""
        return cls(at.astimezone(UTC), time.monotonic(), rehearses=True)


def shared(engine: Engine, *, leads: bool) -> Anchored:
    """The clock of all who work on one store.

    Args:
        engine: The store.
        leads: Whether this process says what time it is where the store has no clock of its own.
    """
    if engine.dialect.name != SQLITE:
        return _of_the_database(engine)
    return _of_this_machine(engine, leads=leads)


def _of_the_database(engine: Engine) -> Anchored:
    with reading(engine) as connection:
        connection.execute(select(func.now()))
        # Half the way there and back lies before the answer, half after it.
        before = time.monotonic()
        at: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return Anchored(at.astimezone(UTC), (before + time.monotonic()) / 2)


def _of_this_machine(engine: Engine, *, leads: bool) -> Anchored:
    boot = _boot()
    mine = Anchored.system()
    with writing(engine) as connection:
        found = connection.execute(select(NOTES).where(NOTES.c.name == ANCHOR)).one_or_none()
        # After a restart of the machine the monotonic clock begins anew.
        if found is not None and found.text == boot and not leads:
            return Anchored(EPOCH + timedelta(microseconds=found.number), 0.0)
        began = mine.at - timedelta(seconds=mine.reading)
        number = (began - EPOCH) // timedelta(microseconds=1)
        connection.execute(delete(NOTES).where(NOTES.c.name == ANCHOR))
        connection.execute(insert(NOTES).values(name=ANCHOR, number=number, text=boot))
    return mine


def _boot() -> str:
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""
