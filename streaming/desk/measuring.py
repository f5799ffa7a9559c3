"""How the desk stands: gauges for its metrics, and whether it is ready.

Here: looking into the store. Not here: the metrics themselves (metrics.py), or where they are
served (streaming/admin.py).
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from streaming.admin import Health
from streaming.desk.claiming import standings
from streaming.desk.desk import Desk
from streaming.desk.intake.heartbeat import last_seen
from streaming.desk.metrics import (
    INTAKE_AGE_SECONDS,
    OPEN_CASES,
    OUTBOX_DEPTH,
    OUTBOX_OLDEST_SECONDS,
    RECEIVER_OPEN,
)
from streaming.desk.store.away import AWAY
from streaming.desk.store.models import CASES, NOTIFICATIONS
from streaming.desk.store.writing import reading
from streaming.desk.tending import STALLED

# What lies longer than so is no matter of a moment.
OUTBOX_OLD: Final = timedelta(seconds=60)


def measure(desk: Desk) -> None:
    """Bring the gauges up to now."""
    now = desk.clock.now()
    with reading(desk.engine) as connection:
        _cases(connection)
        _outbox(connection, now)
        for name, stand in standings(connection).items():
            RECEIVER_OPEN.labels(name).set(not stand.may_try(now))
        if (seen := last_seen(connection)) is not None:
            INTAKE_AGE_SECONDS.set((now - seen).total_seconds())


def health(desk: Desk) -> Health:
    """Whether alerts that come now reach people."""
    try:
        with reading(desk.engine) as connection:
            now = desk.clock.now()
            oldest = _oldest(connection, now)
            seen = last_seen(connection)
    except AWAY as error:
        return Health(ready=False, reason=f"the desk's store is away ({type(error).__name__})")
    if seen is None or now - seen > STALLED:
        return Health(ready=False, reason="the intake does not look at the lake")
    if oldest is not None and now - oldest > OUTBOX_OLD:
        seconds = int((now - oldest).total_seconds())
        return Health(ready=False, reason=f"notifications have waited for {seconds} s")
    return Health(ready=True)


def _cases(connection: Connection) -> None:
    groups = (CASES.c.state, CASES.c.severity)
    rows = connection.execute(
        select(*groups, func.count())
        .where(CASES.c.is_open, CASES.c.drill.is_(False))
        .group_by(*groups)
    )
    OPEN_CASES.clear()
    for row in rows:
        OPEN_CASES.labels(row[0], row[1]).set(row[2])


def _outbox(connection: Connection, now: datetime) -> None:
    waits = (NOTIFICATIONS.c.state == "waiting", NOTIFICATIONS.c.due_at <= now)
    receiver = NOTIFICATIONS.c.receiver
    rows = connection.execute(select(receiver, func.count()).where(*waits).group_by(receiver))
    OUTBOX_DEPTH.clear()
    for row in rows:
        OUTBOX_DEPTH.labels(row[0]).set(row[1])
    oldest = _oldest(connection, now)
    OUTBOX_OLDEST_SECONDS.set(0 if oldest is None else (now - oldest).total_seconds())


def _oldest(connection: Connection, now: datetime) -> datetime | None:
    waits = (NOTIFICATIONS.c.state == "waiting", NOTIFICATIONS.c.due_at <= now)
    found = connection.execute(select(func.min(NOTIFICATIONS.c.due_at)).where(*waits))
    oldest: datetime | None = found.scalar_one()
    return oldest
