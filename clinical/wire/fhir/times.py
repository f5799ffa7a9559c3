"""FHIR dates and times as instants.

Here: dateTime, instant and date of any precision. Not here: HL7 v2 time stamps, or which time of a
resource means what.

A partial date is the start of its period and a time without an offset is local, both in the feed's
zone. What cannot be read is null: the caller flags it. Years beyond those of clinical/wire/time.py
are fillers.

Source: HL7 FHIR R4 4.0.1, dateTime, date and instant, https://hl7.org/fhir/R4/datatypes.html
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from clinical.wire.decoded import UTC as UTC_MICROSECONDS
from clinical.wire.time import EARLIEST_YEAR, LATEST_YEAR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)

_DATE = r"(\d{4})(?:-(\d\d)(?:-(\d\d)"
_TIME = r"(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?"
_DATE_TIME = re.compile(_DATE + _TIME + r")?)?", re.ASCII)

# The usual form, which fromisoformat reads as it stands; it alone would read more than FHIR knows.
_USUAL = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d)", re.ASCII
)


def instants(texts: Sequence[str | None], zone: str) -> pa.TimestampArray:
    """Instants in UTC microseconds; null where there is no text or it cannot be read."""
    local = ZoneInfo(zone)
    # The observations of one round share their times: each distinct text is read once.
    read = {text: None if text is None else _microseconds(text, local) for text in set(texts)}
    return pa.array([read[text] for text in texts], pa.int64()).cast(UTC_MICROSECONDS)


def dates(texts: Sequence[str | None]) -> pa.Date32Array:
    """Calendar dates; a partial one is its first day, one with a time of day cannot be read."""
    days = [None if text is None else _days(text) for text in texts]
    return pa.array(days, pa.int32()).cast(pa.date32())


def _microseconds(text: str, local: ZoneInfo) -> int | None:
    if _USUAL.fullmatch(text):
        return _usual(text)
    found = _DATE_TIME.fullmatch(text)
    if found is None or not EARLIEST_YEAR <= int(found[1]) <= LATEST_YEAR:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    leap = second == "60"
    try:
        moment = datetime(  # noqa: DTZ001 - the zone follows
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            59 if leap else int(second or 0),
            int(((fraction or "") + "000000")[:6]),
        )
        return _since_epoch(moment, offset, local) + (1_000_000 if leap else 0)
    except (ValueError, OverflowError):
        return None


def _usual(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        return None
    return (moment - _EPOCH) // _MICROSECOND


def _since_epoch(moment: datetime, offset: str | None, local: ZoneInfo) -> int:
    if offset is None:
        moment = moment.replace(tzinfo=local).astimezone(UTC)
    else:
        moment = moment.replace(tzinfo=UTC) - _offset(offset)
    return (moment - _EPOCH) // _MICROSECOND


def _offset(offset: str) -> timedelta:
    """The offset from UTC, at most 14 hours as in the FHIR pattern.

    Raises:
        ValueError: Beyond that.
    """
    if offset == "Z":
        return timedelta()
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if minutes > 59 or hours * 60 + minutes > 14 * 60:  # noqa: PLR2004 - clock arithmetic
        msg = "offset beyond fourteen hours"
        raise ValueError(msg)
    distance = timedelta(hours=hours, minutes=minutes)
    return -distance if offset[0] == "-" else distance


def _days(text: str) -> int | None:
    found = _DATE_TIME.fullmatch(text)
    if found is None or found[4] or not EARLIEST_YEAR <= int(found[1]) <= LATEST_YEAR:
        return None
    try:
        day = date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return None
    return day.toordinal() - _FIRST_DAY
