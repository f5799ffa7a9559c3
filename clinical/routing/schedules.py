"""Who has a duty at a moment: rotations, overrides and shifts, exact by the wall clock of a zone.

Here: time of day in a zone against moments. Not here: who is told (planning.py).

A hand-over is a time of the wall clock. Where a clock that is set forward skips it, it happens as
much later as the clock was set; where the clock shows it twice, at the first. The end of one turn
is the beginning of the next in either case, so that nobody's hour is missing or double.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from clinical.routing.routes import Override, Quiet, Rotation, Routes, Schedule

_DAY = timedelta(days=1)


# A storm asks for the same few moments thousands of times.
@lru_cache(maxsize=4096)
def moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The moment at which a zone's clock shows a time of a day, in UTC."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def on_duty(schedule: Schedule, at: datetime, further: Sequence[Override] = ()) -> str | None:
    """Who has it at a moment; None where nobody does.

    Args:
        schedule: The schedule.
        at: The moment.
        further: Overrides beside the schedule's own, which they outrank.
    """
    for override in (*reversed(further), *reversed(schedule.overrides)):
        if override.begins_at <= at < override.ends_at:
            return override.person
    holders = (_holder(rotation, at, schedule.zone) for rotation in schedule.rotations)
    return next((person for person in holders if person is not None), None)


def _holder(rotation: Rotation, at: datetime, zone: ZoneInfo) -> str | None:
    for day in _days_about(at, zone):
        begins, ends = _hours(day, rotation.begins, rotation.ends, zone)
        due = day >= rotation.starts and day.weekday() in rotation.weekdays
        if due and begins <= at < ends:
            turn = (day - rotation.starts).days // rotation.days
            return rotation.people[turn % len(rotation.people)]
    return None


def _days_about(at: datetime, zone: ZoneInfo) -> Iterator[date]:
    """The days whose hours a moment may lie in, by the zone's calendar."""
    today = at.astimezone(zone).date()
    return iter((today, today - _DAY))


def _hours(day: date, begins: time, ends: time | None, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments between which hours that begin on a day lie."""
    last = begins if ends is None else ends
    following = day if last > begins else day + _DAY
    return moment(day, begins, zone), moment(following, last, zone)


def quiet_until(quiet: Quiet, at: datetime, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours end that a moment lies in; None outside of them."""
    for day in _days_about(at, zone):
        begins, ends = _hours(day, quiet.begins, quiet.ends, zone)
        if begins <= at < ends:
            return ends
    return None


def shift(routes: Routes, at: datetime) -> tuple[str, datetime]:
    """The shift at a moment, and when it began."""
    zone = routes.zone
    begun = [
        (moment(day, clock, zone), name)
        for day in _days_about(at, zone)
        for name, clock in routes.shifts.items()
    ]
    began, name = max((one for one in begun if one[0] <= at), default=min(begun))
    return name, began


def shift_began(routes: Routes, at: datetime) -> datetime:
    """Since when pages are counted."""
    return shift(routes, at)[1]


def gaps(schedule: Schedule, since: datetime, until: datetime) -> Iterator[datetime]:
    """The moments, hour by hour, at which nobody has a duty."""
    at = since
    while at < until:
        if on_duty(schedule, at) is None:
            yield at
        at += timedelta(hours=1)


def people_of(schedule: Schedule) -> frozenset[str]:
    """Everyone whom a schedule names."""
    turns = {person for rotation in schedule.rotations for person in rotation.people}
    return frozenset(turns | {one.person for one in schedule.overrides})
