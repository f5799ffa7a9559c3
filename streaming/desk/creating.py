"""New cases: many at once, each with its first entry, its plan, and whom it tells first.

Here: the rows of new cases, in the caller's transaction. Not here: which alerts become cases
(intake/taking.py), or what happens to a case later (acting.py).

A case asks from when the desk first sees it, by the desk's own clock: the clock of a feed may be
wrong by hours, and after an outage nobody is paged for all steps at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert

from clinical.alerts import REPEAT, Act, Life, Refusal, decide, raised
from clinical.routing import Plan
from streaming.desk import outbox
from streaming.desk.acting import entry_of, life_columns, next_look_at
from streaming.desk.channels.channel import Kind
from streaming.desk.outbox import Telling
from streaming.desk.planning import Planner, subject_of
from streaming.desk.plans import avoiding, is_quiet, plan_columns
from streaming.desk.store.counting import ENTRY_NUMBERS, take
from streaming.desk.store.models import CASES, ENTRIES, NOTIFICATIONS
from streaming.desk.store.upserts import insert_new

RAISED: Final = "raise"
TOO_OLD: Final = "too_old"
SILENT_RULE: Final = "silent_rule"
# Why a case is over as it begins, in words.
_UNTOLD: Final[Mapping[str, str]] = {
    TOO_OLD: "older than the desk tells people of",
    SILENT_RULE: "its rule is not live in this unit: nobody is told",
}

Columns = Mapping[str, Any]


def create(
    connection: Connection,
    planner: Planner,
    news: Sequence[Columns],
    now: datetime,
    *,
    without: str | None = None,
) -> None:
    """Make cases that ask from now on.

    Args:
        connection: A transaction that writes.
        planner: Who says whom to tell.
        news: The columns of each that say what it is: alert_id, severity, raised_at, payload ...
        now: When the desk first sees them.
        without: A receiver that must not be the one to tell of them: they are about it.
    """
    if not news:
        return
    plans = planner.plans(connection, [subject_of(columns) for columns in news], now)
    if without is not None:
        others = planner.others_than(without)
        plans = [avoiding(plan, without, others) for plan in plans]
    lives = [_begun(columns, now) for columns in news]
    _insert(connection, news, lives, plans, now)
    told = [
        row
        for columns, life, plan in zip(news, lives, plans, strict=True)
        for row in _first_told(columns, life, plan, now)
    ]
    insert_new(connection, NOTIFICATIONS, told)
    _enter(
        connection, [_entry(columns, life, now) for columns, life in zip(news, lives, strict=True)]
    )


def create_expired(
    connection: Connection, news: Sequence[Columns], now: datetime, reason: str = TOO_OLD
) -> None:
    """Make cases that are over already, and say why nobody is told. Arguments of `create`."""
    begun = [_begun(columns, now) for columns in news]
    act = Act("expire", now, reason=reason)
    lives = [_expired(life, act) for life in begun]
    untold = Plan((), "silenced", _UNTOLD[reason], (), REPEAT)
    _insert(connection, news, lives, [untold] * len(news), now)
    entries = []
    for columns, first, last in zip(news, begun, lives, strict=True):
        entries += [_entry(columns, first, now), entry_of(last, act, columns["unit"])]
    _enter(connection, entries)


def _begun(columns: Columns, now: datetime) -> Life:
    life = raised(columns["alert_id"], columns["severity"], now)
    return replace(life, raised_at=columns["raised_at"])


def _expired(life: Life, act: Act) -> Life:
    after = decide(life, act)
    if isinstance(after, Refusal):
        msg = f"an alert that was just raised does not expire: {after.why}"
        raise TypeError(msg)
    return after


def _insert(
    connection: Connection,
    news: Sequence[Columns],
    lives: Sequence[Life],
    plans: Sequence[Plan],
    now: datetime,
) -> None:
    if news:
        rows = [_case(*one, now) for one in zip(news, lives, plans, strict=True)]
        connection.execute(insert(CASES), rows)


def _case(columns: Columns, life: Life, plan: Plan, now: datetime) -> dict[str, Any]:
    return {
        **columns,
        **life_columns(life),
        **plan_columns(plan),
        "seen_at": now,
        "told_at": _told_at(plan, now),
        "next_step_at": next_look_at(life, plan, now),
        "annotations": [],
        "alert_ids": [life.alert_id],
    }


def _told_at(plan: Plan, now: datetime) -> datetime | None:
    """When somebody is first told; None where nobody is, such as by a case that joins another."""
    first = plan.steps[0] if plan.steps else None
    return now + first.after if first and first.targets else None


def _first_told(columns: Columns, life: Life, plan: Plan, now: datetime) -> list[dict[str, Any]]:
    if is_quiet(plan) or not plan.steps:
        return []
    kind: Kind = "new"
    if columns["technical"]:
        kind = "technical"
    telling = Telling(
        *(life.alert_id, life.severity, "drill" if columns["drill"] else kind),
        *(life.asking, life.step),
    )
    first = plan.steps[0]
    return outbox.rows_of(telling, first.targets, now + first.after)


def _entry(columns: Columns, life: Life, now: datetime) -> dict[str, Any]:
    # `annotate` only lends the entry its empty fields: `raise` is no act on a life.
    return entry_of(
        life, Act("annotate", now, by=columns["payload"].get("by")), columns["unit"], RAISED
    )


def _enter(connection: Connection, entries: list[dict[str, Any]]) -> None:
    if entries:
        first = take(connection, ENTRY_NUMBERS, len(entries))
        numbered = [{**entry, "number": first + place} for place, entry in enumerate(entries)]
        connection.execute(insert(ENTRIES), numbered)
