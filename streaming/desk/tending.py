"""Looking after the outbox: what lies too long, and who has to be told of it.

Here: leases that ran out, fallbacks, and the desk's own faults: a receiver that is down, an outbox
that is late, an intake that stands still. Not here: sending (workers.py), or the lake's alarms
(intake/alarms.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, select, update

from streaming.desk.breaker import Standing
from streaming.desk.claiming import standings
from streaming.desk.intake.heartbeat import last_seen
from streaming.desk.outbox import key_of_row
from streaming.desk.planning import Planner
from streaming.desk.store.counting import changing
from streaming.desk.store.models import NOTIFICATIONS
from streaming.desk.store.upserts import insert_new
from streaming.desk.store.writing import reading
from streaming.desk.technical import Fault, end_fault, open_faults, raise_fault

# Due for so long, with no receiver down that would explain it.
LATE: Final = timedelta(seconds=60)
# The intake says this often that it is well; three times unheard, it is not.
STALLED: Final = timedelta(seconds=30)
OWN: Final = ("notifier_down", "outbox_late", "intake_stalled")


@dataclass(frozen=True, slots=True)
class Tending:
    """Looks after the outbox of one store."""

    engine: Engine
    planner: Planner

    def look(self, now: datetime) -> bool:
        """Do what is due; whether there is anything new to send."""
        with reading(self.engine) as connection:
            faults = list(self._faults(connection, now))
            known = open_faults(connection, *OWN)
            news = (
                _lost_leases(connection, now)
                or _without_fallback(connection, self.planner, now)
                or {(one.kind, one.subject) for one in faults} != set(known)
            )
        if not news:
            return False
        with changing(self.engine) as connection:
            _return_leases(connection, now)
            _fall_back(connection, self.planner, now)
            self._tell(connection, now)
        return True

    def _tell(self, connection: Connection, now: datetime) -> None:
        faults = {(one.kind, one.subject): one for one in self._faults(connection, now)}
        for fault in faults.values():
            raise_fault(connection, self.planner, fault, now)
        for kind, subject in open_faults(connection, *OWN):
            if (kind, subject) not in faults:
                end_fault(connection, self.planner, kind, subject, now)

    def _faults(self, connection: Connection, now: datetime) -> Iterator[Fault]:
        down = set()
        for name, stand in standings(connection).items():
            if stand.is_down(now) and stand.failing_since is not None:
                down.add(name)
                detail = f"{stand.why}; what waits goes to its fallback, and out when it is back"
                yield Fault("notifier_down", name, stand.failing_since, detail)
        if (oldest := _oldest(connection, now, down)) is not None:
            detail = "notifications wait for a worker: is `pulsehouse desk --role worker` running?"
            yield Fault("outbox_late", "outbox", oldest, detail)
        seen = last_seen(connection)
        if seen is not None and now - seen > STALLED:
            detail = "no new alert reaches the desk: its log says why; is the intake running?"
            yield Fault("intake_stalled", "intake", seen, detail)


def _oldest(connection: Connection, now: datetime, down: set[str]) -> datetime | None:
    """When the oldest notification that is late was due; those of receivers that are down apart."""
    late = (NOTIFICATIONS.c.state == "waiting", NOTIFICATIONS.c.due_at < now - LATE)
    others = NOTIFICATIONS.c.receiver.not_in(sorted(down))
    untried = NOTIFICATIONS.c.tries == 0
    found = select(func.min(NOTIFICATIONS.c.due_at)).where(*late, others, untried)
    oldest: datetime | None = connection.execute(found).scalar_one()
    return oldest


def _lost(now: datetime) -> tuple[Any, ...]:
    return (NOTIFICATIONS.c.state == "sending", NOTIFICATIONS.c.lease_until < now)


def _lost_leases(connection: Connection, now: datetime) -> bool:
    found = select(NOTIFICATIONS.c.number).where(*_lost(now)).limit(1)
    return connection.execute(found).first() is not None


def _return_leases(connection: Connection, now: datetime) -> None:
    """Who held these has died or hangs: somebody else may send them, with the same key."""
    connection.execute(
        update(NOTIFICATIONS).where(*_lost(now)).values(state="waiting", next_try_at=now)
    )


def _overdue(
    planner: Planner, stand: Mapping[str, Standing], now: datetime
) -> list[tuple[str, Any]]:
    """Of each receiver with a fallback, what was not delivered in time or was refused.

    In time is so long after the first try that was not taken, its own or, of a receiver that has
    failed since, another's: what only waits for a busy worker goes out by its own road.
    """
    found = []
    for one in planner.routes.receivers.values():
        if one.fallback is None:
            continue
        undelivered = NOTIFICATIONS.c.state.in_(("waiting", "sending"))
        since = now - one.fallback_after
        late = undelivered & (NOTIFICATIONS.c.failed_at <= since)
        failing = stand.get(one.name, Standing()).failing_since
        if failing is not None and failing <= since:
            late = late | undelivered & (NOTIFICATIONS.c.due_at <= since)
        refused = NOTIFICATIONS.c.state == "failed"
        mine = (NOTIFICATIONS.c.receiver == one.name) & NOTIFICATIONS.c.has_fallback.is_(False)
        found.append((one.fallback, mine & (late | refused)))
    return found


def _without_fallback(connection: Connection, planner: Planner, now: datetime) -> bool:
    wanted = (
        select(NOTIFICATIONS.c.number).where(overdue).limit(1)
        for _, overdue in _overdue(planner, standings(connection), now)
    )
    return any(connection.execute(one).first() is not None for one in wanted)


def _fall_back(connection: Connection, planner: Planner, now: datetime) -> None:
    for fallback, overdue in _overdue(planner, standings(connection), now):
        rows = connection.execute(select(NOTIFICATIONS).where(overdue)).mappings().all()
        if not rows:
            continue
        again = [_by_another(dict(row), fallback, now) for row in rows]
        insert_new(connection, NOTIFICATIONS, again)
        numbers = [row["number"] for row in rows]
        connection.execute(
            update(NOTIFICATIONS)
            .where(NOTIFICATIONS.c.number.in_(numbers))
            .values(has_fallback=True)
        )


def _by_another(row: dict[str, Any], receiver: str, now: datetime) -> dict[str, Any]:
    """The same telling by another receiver, due when it first was: it says how late it is."""
    kept = ("alert_id", "asking", "step", "person", "role", "kind", "rank", "due_at")
    return {
        **{name: row[name] for name in kept},
        "key": key_of_row(row, receiver),
        "receiver": receiver,
        "state": "waiting",
        "next_try_at": now,
        "tries": 0,
        "fence": 0,
        "fallback_of": row["number"],
        "has_fallback": False,
    }
