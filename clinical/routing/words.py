"""How durations, times of day, days and moments are written in a routes file.

Here: each from its text, and what it may look like. Not here: where they may stand (written.py).
"""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DURATION = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def duration(text: object) -> timedelta:
    """A duration: 90s, 5m, 1h30m, 2d.

    Raises:
        ValueError: It is none.
    """
    found = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
    if found is None:
        msg = "a duration is written as 90s, 5m, 1h30m or 2d"
        raise ValueError(msg)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def clock(text: object) -> time:
    """A time of day: 07:00.

    Raises:
        ValueError: It is none.
    """
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        msg = "a time of day is written as 07:00, up to 23:59"
        raise ValueError(msg)
    return time(int(found.group(1)), int(found.group(2)))


def day(text: object) -> date:
    """A day: 2026-01-05.

    Raises:
        ValueError: It is none.
    """
    try:
        return date.fromisoformat(text) if isinstance(text, str) else date.fromisoformat("")
    except ValueError:
        msg = "a day is written as 2026-01-05"
        raise ValueError(msg) from None


def moment(text: object) -> datetime:
    """A moment: 2026-01-05T07:00, by the schedule's zone where it has no offset of its own.

    Raises:
        ValueError: It is none.
    """
    try:
        return datetime.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        msg = "a moment is written as 2026-01-05T07:00"
        raise ValueError(msg) from None


def zone(text: object) -> ZoneInfo:
    """A time zone by its name in the zone database: Europe/London.

    Raises:
        ValueError: It is not known.
    """
    try:
        return ZoneInfo(text if isinstance(text, str) else "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        msg = "a zone is named as Europe/London is"
        raise ValueError(msg) from None


def listed(value: object) -> object:
    """A list where one word stands for a list of one."""
    return value if isinstance(value, list) or value is None else [value]
