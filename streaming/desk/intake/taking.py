"""Alerts into cases: a new one, or worse news of one that is open.

Here: which of the alerts that came becomes what, in one transaction. Not here: following the table
they come from (following.py), or a case's life (clinical/alerts).

A suppressed alert is no case. A known alert is not taken twice. A later alert of an open case's
episode is news of that case: only a higher band alerts again, so it is worse. An alert of a rule
that the ledger keeps silent in its unit is over at once: it would have fired, and nobody is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from clinical.alerts import Act, rank
from clinical.detection.effects import UNIT
from lakehouse.going_live import GoingLive
from streaming.desk.acting import act_on
from streaming.desk.creating import SILENT_RULE, TOO_OLD, create, create_expired
from streaming.desk.desk import Desk
from streaming.desk.store.counting import changing
from streaming.desk.store.models import CASES, KNOWN_ALERTS
from streaming.desk.store.upserts import chunks, insert_new

# In one transaction: a storm is taken in parts, so that people are told of the first meanwhile.
BATCH: Final = 500
EVERYTHING: Final = GoingLive()

Alert = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """How many alerts became cases, worse news of cases, and history that nobody is told of."""

    new: int = 0
    worse: int = 0
    expired: int = 0
    silent: int = 0

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(
            self.new + other.new,
            self.worse + other.worse,
            self.expired + other.expired,
            self.silent + other.silent,
        )


def take(desk: Desk, alerts: Sequence[Alert], now: datetime, live: GoingLive = EVERYTHING) -> Taken:
    """Take rows of the table `alerts`, in any order; those that are known are left out.

    Args:
        desk: Where they go.
        alerts: The rows.
        now: When the desk first sees them.
        live: Of which rules people are told where.
    """
    raised = [alert for alert in alerts if alert["status"] == "raised"]
    # The worst first: in a storm they are told while the others are still taken in.
    ordered = sorted(raised, key=lambda alert: (-rank(alert["severity"]), alert["raised_at"]))
    taken = Taken()
    for batch in chunks(ordered, BATCH):
        with changing(desk.engine) as connection:
            taken += _take(connection, desk, batch, now, live)
    return taken


def _take(
    connection: Connection, desk: Desk, batch: list[Alert], now: datetime, live: GoingLive
) -> Taken:
    parts: dict[str | None, list[Alert]] = {TOO_OLD: [], SILENT_RULE: [], None: []}
    for alert in _unknown(connection, batch):
        parts[_untold(alert, now - desk.late, live)].append(alert)
    for reason in (TOO_OLD, SILENT_RULE):
        create_expired(connection, [_columns(alert) for alert in parts[reason]], now, reason)
        _know(connection, ((one["alert_id"], one["alert_id"]) for one in parts[reason]))
    taken = Taken(expired=len(parts[TOO_OLD]), silent=len(parts[SILENT_RULE]))
    timely = parts[None]
    # Of one episode one after the other: the second is news of the case that the first became.
    while timely:
        first = {_episode(alert): alert for alert in reversed(timely)}
        taken += _one_each(connection, desk, list(first.values()), now)
        timely = [alert for alert in timely if first[_episode(alert)] is not alert]
    return taken


def _untold(alert: Alert, since: datetime, live: GoingLive) -> str | None:
    """Why nobody is told of an alert; None where people are. What is too old fires for nobody."""
    if alert["raised_at"] < since:
        return TOO_OLD
    return None if live.tells(alert["rule_family"], alert["unit"]) else SILENT_RULE


def _one_each(connection: Connection, desk: Desk, alerts: list[Alert], now: datetime) -> Taken:
    """Take alerts of which no two are of one episode."""
    cases = _open_cases(connection, [_episode(alert) for alert in alerts])
    news = [alert for alert in alerts if _episode(alert) not in cases]
    create(connection, desk.planner, [_columns(alert) for alert in news], now)
    _know(connection, ((alert["alert_id"], alert["alert_id"]) for alert in news))
    worse = [(cases[_episode(alert)], alert) for alert in alerts if _episode(alert) in cases]
    for case, alert in worse:
        _worsen(connection, desk, case, alert, now)
    _know(connection, ((alert["alert_id"], case.alert_id) for case, alert in worse))
    return Taken(new=len(news), worse=len(worse))


@dataclass(frozen=True, slots=True)
class _OpenCase:
    alert_id: str
    band: int
    alert_ids: tuple[str, ...]


def _worsen(
    connection: Connection, desk: Desk, case: _OpenCase, alert: Alert, now: datetime
) -> None:
    changed: dict[str, Any] = {"alert_ids": [*case.alert_ids, alert["alert_id"]]}
    if alert["band"] <= case.band:
        # Older news that came later: it is kept, and tells nobody anything new.
        act = Act("annotate", now, reason="earlier_alert", note=alert["alert_id"])
    else:
        act = Act("worsen", now, severity=alert["severity"])
        told = _columns(alert)
        changed |= {name: told[name] for name in ("rule", "band", "title", "route", "payload")}
        if alert["unit"] is not None:
            changed["unit"] = alert["unit"]
    act_on(connection, desk.planner, case.alert_id, act, changed=changed)


def _unknown(connection: Connection, batch: list[Alert]) -> list[Alert]:
    wanted = [alert["alert_id"] for alert in batch]
    rows = connection.execute(
        select(KNOWN_ALERTS.c.alert_id).where(KNOWN_ALERTS.c.alert_id.in_(wanted))
    )
    known: set[str] = set(rows.scalars())
    return list({one["alert_id"]: one for one in batch if one["alert_id"] not in known}.values())


def _open_cases(connection: Connection, episodes: list[str]) -> dict[str, _OpenCase]:
    columns = (CASES.c.episode, CASES.c.alert_id, CASES.c.band, CASES.c.alert_ids)
    wanted = (CASES.c.episode.in_(episodes), CASES.c.is_open)
    return {
        row.episode: _OpenCase(row.alert_id, row.band, tuple(row.alert_ids))
        for row in connection.execute(select(*columns).where(*wanted))
    }


def _know(connection: Connection, pairs: Iterator[tuple[str, str]]) -> None:
    rows = [{"alert_id": alert, "case_id": case} for alert, case in pairs]
    insert_new(connection, KNOWN_ALERTS, rows)


def _episode(alert: Alert) -> str:
    return f"{alert['facility']}/{alert['episode_id']}"


def _columns(alert: Alert) -> dict[str, Any]:
    """The columns of `cases` that an alert's row says."""
    return {
        "alert_id": alert["alert_id"],
        "episode": _episode(alert),
        "facility": alert["facility"],
        "patient_id": alert["patient_id"],
        "encounter_id": alert["encounter_id"],
        "unit": alert["unit"],
        "severity": alert["severity"],
        "rule": alert["rule"],
        "rule_family": alert["rule_family"],
        "band": alert["band"],
        "title": alert["title"],
        "route": alert["route"] or UNIT,
        "raised_at": alert["raised_at"],
        "drill": False,
        "technical": False,
        "payload": dict(alert),
    }
