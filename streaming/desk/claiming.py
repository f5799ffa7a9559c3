"""Taking notifications out of the outbox, and writing down what became of them.

Here: leases, and the transactions before and after a send. Not here: sending (workers.py), or what
is done about what lies too long (tending.py).

A lease has an end and a fence: who held one too long finds that another has it, and writes nothing.
Between a send and its being written down lies a moment in which a process can die: then it is sent
again, with the same key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, bindparam, func, literal, or_, select, update

from streaming.desk import board, delivering
from streaming.desk.breaker import Standing, wait
from streaming.desk.case_rows import CaseRow
from streaming.desk.channels.channel import Kind
from streaming.desk.store.counting import changing
from streaming.desk.store.models import NOTIFICATIONS, RECEIVERS
from streaming.desk.store.types import UtcTime
from streaming.desk.store.upserts import insert_new
from streaming.desk.store.writing import reading, writing

# A send ends within 10 s; then what became of it is written down at once.
LEASE: Final = timedelta(seconds=15)
SEND: Final = timedelta(seconds=11)
# A worker takes no more at once, and so has no more in flight when it dies.
MOST_AT_ONCE: Final = 32
# What was claimed so short a time ago is sent without another look: a send takes longer itself.
FRESH: Final = timedelta(seconds=0.05)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notification that this worker has a lease on."""

    number: int
    key: str
    alert_id: str
    step: int
    receiver: str
    person: str | None
    kind: Kind
    due_at: datetime
    tries: int
    fence: int
    lease_until: datetime
    case: CaseRow


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one: taken (`said`), or not (`why`), and whether it may be later."""

    claimed: Claimed
    at: datetime
    said: str | None = None
    delivered: bool = True
    why: str | None = None
    again: bool = False


def due(engine: Engine, now: datetime) -> dict[str, int]:
    """How many notifications each receiver has to send now; none for one that rests."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(NOTIFICATIONS.c.receiver, func.count())
            .where(NOTIFICATIONS.c.state == "waiting", NOTIFICATIONS.c.next_try_at <= now)
            .group_by(NOTIFICATIONS.c.receiver)
        ).all()
        if not rows:
            return {}
        stand = standings(connection)
    unknown = Standing()
    return {row[0]: row[1] for row in rows if stand.get(row[0], unknown).may_try(now)}


def claim(engine: Engine, receiver: str, worker: str, most: int, now: datetime) -> list[Claimed]:
    """Take leases on what a receiver has to send, the gravest first, then the oldest."""
    with writing(engine) as connection:
        stand = standings(connection).get(receiver, Standing())
        if not stand.may_try(now):
            return []
        limit = 1 if stand.is_tried_out() else most
        rows = connection.execute(
            select(NOTIFICATIONS)
            .where(
                *(NOTIFICATIONS.c.state == "waiting", NOTIFICATIONS.c.receiver == receiver),
                NOTIFICATIONS.c.next_try_at <= now,
            )
            # As the index is ordered: in a storm nothing is sorted to take a few.
            .order_by(
                *(NOTIFICATIONS.c.rank.desc(), NOTIFICATIONS.c.next_try_at, NOTIFICATIONS.c.number)
            )
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        if not rows:
            return []
        if stand.is_tried_out():
            # Others wait for what this one finds out.
            _write_receiver(connection, receiver, {"resting_until": now + SEND})
        until = now + LEASE
        connection.execute(
            update(NOTIFICATIONS)
            .where(NOTIFICATIONS.c.number.in_([row.number for row in rows]))
            .values(
                state="sending",
                fence=NOTIFICATIONS.c.fence + 1,
                tries=NOTIFICATIONS.c.tries + 1,
                lease_by=worker,
                lease_until=until,
            )
        )
        cases = board.several(connection, [row.alert_id for row in rows])
    return [_claimed(row, until, cases[row.alert_id]) for row in rows]


def still_wanted(engine: Engine, claimed: Claimed, now: datetime) -> bool:
    """Whether to send it: nobody has taken the case meanwhile, and the lease lasts long enough."""
    left = claimed.lease_until - now
    if left < SEND:
        return False
    if left > LEASE - FRESH:
        return True
    mine = (NOTIFICATIONS.c.number == claimed.number, NOTIFICATIONS.c.fence == claimed.fence)
    with reading(engine) as connection:
        found = select(NOTIFICATIONS.c.number).where(*mine, NOTIFICATIONS.c.state == "sending")
        return connection.execute(found).first() is not None


def release(engine: Engine, claimed: Sequence[Claimed]) -> None:
    """Give leases back for what was not tried after all."""
    if not claimed:
        return
    with writing(engine) as connection:
        for one in claimed:
            connection.execute(
                update(NOTIFICATIONS)
                .where(*_mine(one), NOTIFICATIONS.c.state == "sending")
                .values(state="waiting", tries=NOTIFICATIONS.c.tries - 1)
            )


def record(engine: Engine, receiver: str, sent: Sequence[Sent]) -> None:
    """Write down what became of tries by one receiver, in one transaction."""
    if not sent:
        return
    with changing(engine) as connection:
        before = after = standings(connection).get(receiver, Standing())
        for one in sent:
            after = after.succeeded(one.at) if one.why is None else after.failed(one.why, one.at)
        _keep_standing(connection, receiver, after)
        if before.failures and not after.failures:
            _hurry(connection, receiver, sent[-1].at)
        _record_taken(connection, [one for one in sent if one.why is None])
        for one in sent:
            if one.why is not None:
                _record_failed(connection, one, one.why)


def standings(connection: Connection) -> dict[str, Standing]:
    """How every receiver does that was ever asked."""
    return {
        row.name: Standing(
            *(row.failures, row.failing_since, row.resting_until, row.succeeded_at, row.why)
        )
        for row in connection.execute(select(RECEIVERS))
    }


def _record_taken(connection: Connection, taken: Sequence[Sent]) -> None:
    if not taken:
        return
    connection.execute(
        update(NOTIFICATIONS)
        # Also where it was withdrawn while it went out: it did go out.
        .where(
            *(NOTIFICATIONS.c.number == bindparam("of"), NOTIFICATIONS.c.fence == bindparam("by")),
            or_(NOTIFICATIONS.c.state == "sending", NOTIFICATIONS.c.state == "withdrawn"),
        )
        .values(state="sent", sent_at=bindparam("at"), said=bindparam("answer"), why=None),
        [
            {"of": one.claimed.number, "by": one.claimed.fence, "at": one.at, "answer": one.said}
            for one in taken
        ],
    )
    arrived = [one.claimed.alert_id for one in taken if one.delivered]
    delivering.deliver(connection, arrived, taken[-1].at)


def _record_failed(connection: Connection, one: Sent, why: str) -> None:
    state = "waiting" if one.again else "failed"
    later = one.at + wait(one.claimed.tries)
    connection.execute(
        update(NOTIFICATIONS)
        .where(*_mine(one.claimed), NOTIFICATIONS.c.state == "sending")
        .values(
            state=state,
            why=why,
            next_try_at=later,
            failed_at=func.coalesce(NOTIFICATIONS.c.failed_at, literal(one.at, UtcTime())),
        )
    )


def _hurry(connection: Connection, receiver: str, now: datetime) -> None:
    """A receiver is back: what waited for its next try goes out now."""
    waits = (NOTIFICATIONS.c.receiver == receiver, NOTIFICATIONS.c.state == "waiting")
    tried = (NOTIFICATIONS.c.tries > 0, NOTIFICATIONS.c.next_try_at > now)
    connection.execute(update(NOTIFICATIONS).where(*waits, *tried).values(next_try_at=now))


def _keep_standing(connection: Connection, receiver: str, stand: Standing) -> None:
    values = {
        "failures": stand.failures,
        "failing_since": stand.failing_since,
        "resting_until": stand.resting_until,
        "succeeded_at": stand.succeeded_at,
        "why": stand.why,
    }
    _write_receiver(connection, receiver, values)


def _write_receiver(connection: Connection, receiver: str, values: dict[str, Any]) -> None:
    insert_new(connection, RECEIVERS, [{"name": receiver, "failures": 0}])
    connection.execute(update(RECEIVERS).where(RECEIVERS.c.name == receiver).values(values))


def _mine(claimed: Claimed) -> tuple[Any, ...]:
    return (NOTIFICATIONS.c.number == claimed.number, NOTIFICATIONS.c.fence == claimed.fence)


def _claimed(row: Any, until: datetime, case: CaseRow) -> Claimed:  # noqa: ANN401 a row
    return Claimed(
        number=row.number,
        key=row.key,
        alert_id=row.alert_id,
        step=row.step,
        receiver=row.receiver,
        person=row.person,
        kind=row.kind,
        due_at=row.due_at,
        tries=row.tries + 1,
        fence=row.fence + 1,
        lease_until=until,
        case=case,
    )
