"""The outbox: what people are to be told, written in the transaction that decided it.

Here: putting notifications in, and taking back those nobody needs any more. Not here: sending them
(workers.py), or who is told (planning.py).

A notification's key is made of what it says: the same telling is the same row, and whoever receives
it twice can drop the second.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, select, update

from clinical.alerts import rank
from clinical.detection.finding import Severity
from clinical.routing import Target
from streaming.desk.channels.channel import Kind
from streaming.desk.store.models import NOTIFICATIONS
from streaming.desk.store.upserts import insert_new

# `sending`: a worker has a lease on it. `sent`: the other side took it; `received`: it said that it
# arrived. `failed`: it was refused for good. `withdrawn`: somebody had taken the case before.
State = Literal["waiting", "sending", "sent", "received", "failed", "withdrawn"]
UNSENT: Final[tuple[State, ...]] = ("waiting", "sending")
TOLD: Final[tuple[State, ...]] = ("sent", "received")


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told of a case: as what, how grave, in which asking and at which step of it."""

    alert_id: str
    severity: Severity
    kind: Kind
    asking: int
    step: int


def tell(connection: Connection, telling: Telling, targets: Iterable[Target], at: datetime) -> None:
    """Put a telling into the outbox, for a moment; one that was taken back goes out after all."""
    rows = rows_of(telling, targets, at)
    insert_new(connection, NOTIFICATIONS, rows)
    keys = [row["key"] for row in rows]
    connection.execute(
        update(NOTIFICATIONS)
        .where(NOTIFICATIONS.c.key.in_(keys), NOTIFICATIONS.c.state == "withdrawn")
        .values(state="waiting", next_try_at=at)
    )


def rows_of(telling: Telling, targets: Iterable[Target], at: datetime) -> list[dict[str, Any]]:
    """The outbox's rows of a telling; one person is told once by one receiver."""
    ways = {
        (receiver, target.person): target for target in targets for receiver in target.receivers
    }
    return [_row(telling, receiver, target, at) for (receiver, _), target in ways.items()]


def withdraw(connection: Connection, alert_id: str) -> None:
    """Take back what was not sent yet; what is being sent at this moment still goes out."""
    connection.execute(
        update(NOTIFICATIONS)
        .where(NOTIFICATIONS.c.alert_id == alert_id, NOTIFICATIONS.c.state.in_(UNSENT))
        .values(state="withdrawn")
    )


def told_of(connection: Connection, alert_id: str) -> Sequence[Target]:
    """Whoever was told of a case, by the receivers that told them."""
    mine = NOTIFICATIONS.c.alert_id == alert_id
    rows = connection.execute(
        select(NOTIFICATIONS.c.person, NOTIFICATIONS.c.role, NOTIFICATIONS.c.receiver)
        .where(mine, NOTIFICATIONS.c.state.in_(TOLD))
        .distinct()
    )
    return [Target(row.person, row.role or "", (row.receiver,)) for row in rows]


def key_of(telling: Telling, receiver: str, person: str | None) -> str:
    """The key of one notification."""
    return _key(
        telling.alert_id, telling.kind, telling.asking, telling.step, receiver, person or ""
    )


def key_of_row(row: Mapping[str, Any], receiver: str) -> str:
    """The key of the same telling by another receiver."""
    named = (row[name] for name in ("alert_id", "kind", "asking", "step"))
    return _key(*named, receiver, row["person"] or "")


def _key(*parts: object) -> str:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()


def _row(telling: Telling, receiver: str, target: Target, at: datetime) -> dict[str, Any]:
    return {
        "key": key_of(telling, receiver, target.person),
        "alert_id": telling.alert_id,
        "asking": telling.asking,
        "step": telling.step,
        "receiver": receiver,
        "person": target.person,
        "role": target.role,
        "kind": telling.kind,
        "rank": rank(telling.severity),
        "state": "waiting",
        "due_at": at,
        "next_try_at": at,
        "tries": 0,
        "fence": 0,
        "has_fallback": False,
    }
