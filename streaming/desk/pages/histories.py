"""What became of an alert, and who is told next, line by line.

Here: entries, notifications and steps in words. Not here: the store, or the plan.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from clinical.alerts import REASONS, Event
from streaming.desk.case_rows import CaseRow, Entry, NotificationRow
from streaming.desk.pages import naming, times, words
from streaming.desk.pages.standings import Names, called, capital
from streaming.desk.pages.standings import told as in_words
from streaming.desk.plans import told_at

# What a person reads as delivered, and as not.
_GOOD: Final = frozenset({"received", "sent"})
_OUTCOMES: Final = {
    "waiting": "waiting to be sent by {by}",
    "sending": "being sent by {by}",
    "sent": "sent by {by}",
    "received": "received, by {by}",
    "failed": "not delivered by {by}",
    "withdrawn": "no longer needed, not sent by {by}",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    at: datetime
    said: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One telling: whom, when, and what became of it."""

    at: datetime
    said: str
    outcome: str | None
    good: bool
    is_next: bool


def lines(entries: Iterable[Entry], names: Names, zone: ZoneInfo) -> tuple[Line, ...]:
    """The history, newest first."""
    told = [_line(entry, names, zone) for entry in entries]
    return tuple(reversed(told))


def steps(
    case: CaseRow, notifications: Sequence[NotificationRow], names: Names
) -> tuple[Step, ...]:
    """What was told, then what will be, in order of time."""
    past = sorted(notifications, key=lambda one: (one.due_at, one.asking, one.step))
    told = [
        _told(list(group), names)
        for _, group in groupby(past, key=lambda one: (one.asking, one.step, one.person, one.role))
    ]
    return (*told, *_ahead(case, names))


def _ahead(case: CaseRow, names: Names) -> Iterable[Step]:
    if case.next_step_at is None or not case.plan.steps:
        return
    yield _planned(case, case.life.step + 1, case.next_step_at, names, is_next=True)
    for number in range(case.life.step + 2, len(case.plan.steps)):
        at = case.life.asked_at + case.plan.steps[number].after
        yield _planned(case, number, max(at, case.next_step_at), names, is_next=False)


def _planned(case: CaseRow, number: int, at: datetime, names: Names, *, is_next: bool) -> Step:
    whom = ", ".join(in_words(name, names) for name in told_at(case.plan, number))
    return Step(
        at, f"{'Tells' if is_next else 'Then tells'} {whom or 'the board'}", None, False, is_next
    )


def _told(group: Sequence[NotificationRow], names: Names) -> Step:
    first = group[0]
    whom = in_words(first.person or first.role or first.receiver, names)
    outcomes = [_OUTCOMES[one.state].format(by=one.receiver) for one in group]
    said = f"Told {whom}" if first.step == 0 else f"Step {first.step}: told {whom}"
    good = any(one.state in _GOOD for one in group)
    return Step(first.due_at, said, "; ".join(outcomes), good, False)


def _line(entry: Entry, names: Names, zone: ZoneInfo) -> Line:
    pattern = words.EVENTS.get(entry.event, naming.plain(entry.event))
    said = pattern.format(
        who=called(entry.by, names),
        to=called(entry.to, names),
        until=times.clock(entry.until, zone) if entry.until else "",
        severity=words.LEVELS[entry.severity].lower(),
    )
    return Line(entry.at, capital(said), _reason(entry))


def _reason(entry: Entry) -> str | None:
    if entry.event == "annotate" and entry.by is None:
        return words.annotation({"reason": entry.reason, "note": entry.note})
    codes = REASONS.get(_event(entry.event), {}) if entry.reason else {}
    coded = codes.get(entry.reason or "", entry.reason)
    return ": ".join(filter(None, (coded, entry.note))) or None


def _event(name: str) -> Event:
    return name  # type: ignore[return-value]  # stored as it was, `raise` among them
