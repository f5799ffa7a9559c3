"""FHIR dates and times as instants.

Here: dateTime, instant and date of any precision. Not here: HL7 v2 time stamps, or which time of a
resource means what.

A partial date is the start of its period and a time without an offset is local, both in the feed's
zone. Of what dates a signal a day is the least: a month or a year is no time there. What cannot be
read is null: the caller flags it. Years beyond those of clinical/wire/time.py
are fillers.

Source: HL7 FHIR R4 4.0.1, dateTime, date and instant, https://hl7.org/fhir/R4/datatypes.html
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.decoded import UTC as UTC_MICROSECONDS
from clinical.wire.fhir.texts import FEW, Column, array
from clinical.wire.time import EARLIEST_YEAR, LATEST_YEAR

Bytes = npt.NDArray[np.uint8]
# One text in a zone, in microseconds since 1970.
Reading = Callable[[str, str], int | None]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)

_DATE = r"(\d{4})(?:-(\d\d)(?:-(\d\d)"
_TIME = r"(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?"
_DATE_TIME = re.compile(_DATE + _TIME + r")?)?", re.ASCII)

# The usual form, which fromisoformat and Arrow read as it stands; they alone would read more than
# FHIR knows.
_USUAL_TEXT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d)"
_USUAL = re.compile(_USUAL_TEXT, re.ASCII)
_WHOLE = f"^{_USUAL_TEXT}$"

_FURTHEST_HOURS = 14
_MONTH = len("2024-07")
# A text of the usual form begins with its year.
_EARLIEST, _BEYOND = f"{EARLIEST_YEAR}", f"{LATEST_YEAR + 1}"
# Within these, wherever on earth, it is of a year that is no filler.
_FROM, _UNTIL = (
    (datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
    for year in (EARLIEST_YEAR + 1, LATEST_YEAR)
)


def instants(texts: Sequence[str | None], zone: str) -> pa.TimestampArray:
    """Instants in UTC microseconds; null where there is no text or it cannot be read."""
    return array(moments(texts, zone), UTC_MICROSECONDS)


def moments(texts: Sequence[str | None], zone: str) -> Column:
    """The same column, of few rows as a list of microseconds since 1970."""
    return _moments(texts, zone, instant)


def dated(texts: Sequence[str | None], zone: str) -> Column:
    """The same of times that date a signal: null also where they tell no day."""
    return _moments(texts, zone, _of_day)


def _moments(texts: Sequence[str | None], zone: str, read: Reading) -> Column:
    if len(texts) <= FEW:
        return [None if text is None else read(text, zone) for text in texts]
    if not any(texts):
        return pa.nulls(len(texts), UTC_MICROSECONDS)
    # The observations of one round share their times: each distinct text is read once.
    column = pa.array(texts, pa.string())
    if _alike(column) and (times := _cast(column)) is not None:
        return times
    encoded = column.dictionary_encode()
    return _column(encoded.dictionary, zone, read).take(encoded.indices)


def _column(texts: pa.StringArray, zone: str, read: Reading) -> pa.TimestampArray:
    usual = pc.match_substring_regex(texts, _WHOLE)
    if usual.false_count == 0 and (times := _cast(texts)) is not None:
        return times
    told = [read(text, zone) for text in texts.to_pylist()]
    return pa.array(told, pa.int64()).cast(UTC_MICROSECONDS)


def _alike(texts: pa.StringArray) -> bool:
    """Whether all are of the usual form, and of the width and fraction that the first one has."""
    if texts.null_count or not _USUAL.fullmatch(first := texts[0].as_py()):
        return False
    _, bounds, content = texts.buffers()
    ends = np.frombuffer(bounds, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    width = len(first)
    if (np.diff(ends) != width).any():
        return False
    characters = np.frombuffer(content, np.uint8)[ends[0] : ends[-1]].reshape(-1, width)
    lowest, span = _spelling(first)
    above = characters - lowest  # unsigned: what is below the lowest is far above it
    if (above > span).any():
        return False
    hours = above[:, width - 5] * 10 + above[:, width - 4]
    return first[-1] == "Z" or bool((hours < _FURTHEST_HOURS).all())


@lru_cache(maxsize=64)
def _spelling(first: str) -> tuple[Bytes, Bytes]:
    """The lowest character at each place of a text spelt like this, and how many more there are.

    The comma between the signs of an offset is left to Arrow, which reads none.
    """
    clock = len(first) - (1 if first[-1] == "Z" else len("+00:00"))
    template = "".join("0" if character.isdigit() else character for character in first)
    if first[-1] != "Z":
        template = f"{template[:clock]}+{template[clock + 1 :]}"
    span = [9 if character == "0" else 0 for character in template]
    if first[-1] != "Z":
        span[clock : clock + 5] = [ord("-") - ord("+"), 1, 9, 0, 5]
    return np.frombuffer(template.encode(), np.uint8), np.array(span, np.uint8)


def _cast(texts: pa.StringArray) -> pa.TimestampArray | None:
    """Times of the usual form, read by Arrow; None if one of them is no time."""
    try:
        read = texts.cast(UTC_MICROSECONDS)
    except pa.ArrowInvalid:  # a day that its month does not have, or an hour beyond 23
        return None
    if not len(read):
        return read
    moments = read.view(pa.int64()).to_numpy()
    if moments.min() >= _FROM and moments.max() < _UNTIL:
        return read
    placed = pc.and_(pc.greater_equal(texts, _EARLIEST), pc.less(texts, _BEYOND))
    return pc.if_else(placed, read, pa.scalar(None, UTC_MICROSECONDS))


def days(texts: Sequence[str | None]) -> list[int | None]:
    """Calendar dates as days since 1970.

    A partial one is its first day, one with a time of day cannot be read.
    """
    return [None if text is None else _day(text) for text in texts]


@lru_cache(maxsize=65_536)
def instant(text: str, zone: str) -> int | None:
    """One of them, in microseconds since 1970."""
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
        return _since_epoch(moment, offset, ZoneInfo(zone)) + (1_000_000 if leap else 0)
    except (ValueError, OverflowError):
        return None


def _of_day(text: str, zone: str) -> int | None:
    return instant(text, zone) if len(text) > _MONTH else None


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


@lru_cache(maxsize=65_536)
def _day(text: str) -> int | None:
    found = _DATE_TIME.fullmatch(text)
    if found is None or found[4] or not EARLIEST_YEAR <= int(found[1]) <= LATEST_YEAR:
        return None
    try:
        day = date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return None
    return day.toordinal() - _FIRST_DAY
