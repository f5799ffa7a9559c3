"""Times in the ward's words: how old, how soon, what o'clock.

Here: words. Not here: any clock; `now` is an argument. `static/page.js` carries the same words on
while a page stands open; tests/streaming/desk/e2e holds the two equal.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)
_IN_YEARS_FROM = 2


def age(at: datetime, now: datetime) -> str:
    """How long ago: `under 1 min`, `4 min`, `2 h 10 min`, `3 d 4 h`."""
    minutes = max(now - at, timedelta()) // _MINUTE
    if minutes < 1:
        return "under 1 min"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    days, over = divmod(hours, 24)
    if not days:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{days} d {over} h" if over else f"{days} d"


def countdown(at: datetime, now: datetime) -> str:
    """How soon: `4:12`, `1:04:12`; `a moment` once it is due."""
    seconds = -((now - at) // timedelta(seconds=1))
    if seconds <= 0:
        return "a moment"
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}"
    return f"{minutes}:{seconds:02}"


def clock(at: datetime, zone: ZoneInfo) -> str:
    """The time of day at the hospital: `02:13`."""
    return f"{at.astimezone(zone):%H:%M}"


def second_clock(at: datetime, zone: ZoneInfo) -> str:
    """The time of day to the second: `02:13:05`."""
    return f"{at.astimezone(zone):%H:%M:%S}"


def day(at: date) -> str:
    """A date that nobody reads the wrong way round: `4 Mar 1951`."""
    return f"{at.day} {at:%b %Y}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Day and time at the hospital: `24 Jan 2026, 02:13`."""
    there = at.astimezone(zone)
    return f"{day(there)}, {there:%H:%M}"


def clock_or_day(at: datetime, near: datetime, zone: ZoneInfo) -> str:
    """The time of day, with the day where that is another than the one it stands beside."""
    there = at.astimezone(zone)
    if there.date() == near.astimezone(zone).date():
        return f"{there:%H:%M}"
    return f"{there.day} {there:%b %H:%M}"


def years(born: date, today: date) -> int:
    """Age in whole years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def spoken_age(born: date, today: date) -> str:
    """Age as the ward says it: years, and of a small child months or days."""
    whole = years(born, today)
    if whole >= _IN_YEARS_FROM:
        return f"{whole} y"
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    return f"{months} months" if months >= 1 else f"{(today - born).days} days"
