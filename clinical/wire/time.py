"""Times as senders write them, placed in UTC.

Here: HL7 times of any precision, dates of birth, and local times in a zone with its daylight
saving. Not here: which field says what.

A time in the hour that daylight saving skips or repeats is taken by the offset in force before the
change (PEP 495, fold=0). A time less precise than a second stands for its beginning.
"""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

UTC = pa.timestamp("us", tz="UTC")
SECOND, HOUR = 1_000_000, 3_600_000_000
# Outside of these years a time is a filler such as 99991231, and is read as unreadable.
EARLIEST_YEAR, LATEST_YEAR = 1800, 2300
# YYYYMMDDHHMMSS.SSSSSS+ZZZZ and one more, by which a longer text is told.
WIDTH = 27
FURTHEST_HOURS = 15
PRECISIONS = (4, 6, 8, 10, 12, 14)
SECONDS = 14
FRACTION = 6
# Up to this many times are read faster one by one than as a column.
FEW = 512
ONE = re.compile(
    r"(?P<digits>\d{4}(?:\d\d){0,5})(?:(?<=\d{14})(?P<fraction>\.\d{1,6}))?"
    r"(?P<offset>[+-]\d{4})?",
    re.ASCII,
)
LEADING = re.compile(r"\d+", re.ASCII)
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
# The day, since 1970, that each month begins on; one month more, for the length of the last.
MONTHS = np.arange(f"{EARLIEST_YEAR}-01", f"{LATEST_YEAR + 1}-02", dtype="datetime64[M]")
FIRST_DAYS = MONTHS.astype("datetime64[D]").astype(np.int64)

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def timestamps(texts: pa.Array, zone: str) -> pa.Array:
    """HL7 times (YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]) in UTC; null where unreadable.

    Args:
        texts: String column; null where there is no time.
        zone: IANA zone of the times that carry no offset.
    """
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), UTC)
    if len(texts) <= FEW:
        return pa.array([instant(text or "", zone) for text in texts.to_pylist()], UTC)
    characters, length = _matrix(texts)
    digits = _leading_digits(characters, length)
    days, in_day, readable = _wall_clock(characters, digits)
    if (digits == length).all():
        return _placed((days * 86_400 + in_day) * SECOND, readable, zone)
    fraction, width = _fraction(characters, digits)
    offset, has_offset, offset_width, offset_ok = _offset(characters, digits + width)
    readable &= offset_ok & (digits + width + offset_width == length)
    readable &= (width == 0) | (digits == SECONDS)
    local = (days * 86_400 + in_day) * SECOND + fraction
    if not has_offset.any():
        return _placed(local, readable, zone)
    utc = np.where(has_offset, local - offset * SECOND, 0)
    if (floating := readable & ~has_offset).any():
        utc[floating] = local_to_utc(local[floating], zone)
    return pa.array(utc.view("datetime64[us]"), UTC, mask=~readable)


def _placed(local: Numbers, readable: Flags, zone: str) -> pa.Array:
    utc = local_to_utc(np.where(readable, local, 0), zone)
    return pa.array(utc.view("datetime64[us]"), UTC, mask=~readable)


@lru_cache(maxsize=65_536)
def instant(text: str, zone: str) -> int | None:
    """The same of one text, in microseconds since 1970."""
    found = ONE.fullmatch(text)
    local = _clock(found["digits"]) if found else None
    if not found or local is None:
        return None
    fraction = int((found["fraction"] or ".")[1:].ljust(FRACTION, "0"))
    seconds = _offset_at(zone, local)
    if sent := found["offset"]:
        hours, minutes = int(sent[1:3]), int(sent[3:])
        if hours > FURTHEST_HOURS or minutes >= 60:  # noqa: PLR2004
            return None
        seconds = (hours * 60 + minutes) * (-60 if sent[0] == "-" else 60)
    return ((local - EPOCH) // timedelta(seconds=1) - seconds) * SECOND + fraction


@lru_cache(maxsize=65_536)
def date_of(text: str) -> int | None:
    """The same of one text, in days since 1970."""
    found = LEADING.match(text[:WIDTH])
    day = _clock(found[0]) if found and len(found[0]) in PRECISIONS else None
    return None if day is None else (day - EPOCH).days


def _clock(digits: str) -> datetime | None:
    """The wall clock of YYYY[MM[DD[HH[MM[SS]]]]]; None when there is no such time."""
    parts = [int(digits[:4]), *(int(digits[at : at + 2]) for at in range(4, len(digits), 2))]
    parts += [1, 1][len(parts) - 1 :]
    if not EARLIEST_YEAR <= parts[0] <= LATEST_YEAR:
        return None
    try:
        return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None


def dates(texts: pa.Array) -> pa.Array:
    """The calendar date an HL7 time or date begins with; the sender's own, in no zone."""
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), pa.date32())
    if len(texts) <= FEW:
        return pa.array([date_of(text or "") for text in texts.to_pylist()], pa.date32())
    characters, length = _matrix(texts)
    digits = _leading_digits(characters, length)
    days, _, readable = _wall_clock(characters, digits)
    return pa.array(days.astype(np.int32), pa.int32(), mask=~readable).cast(pa.date32())


def local_to_utc(local: Numbers, zone: str) -> Numbers:
    """Microseconds of a wall clock since 1970 as microseconds of UTC."""
    if zone == "UTC":
        return local
    hours, place = np.unique(local // HOUR, return_inverse=True)
    bounds = np.array([_offsets_of_hour(zone, int(hour)) for hour in hours], np.int64)
    offset: Numbers = bounds[place, 0]
    uneven = np.flatnonzero(bounds[place, 0] != bounds[place, 1])
    for row in uneven:  # the offset changes within this hour: ask for the very time
        offset[row] = _offset_at(zone, EPOCH + timedelta(microseconds=int(local[row])))
    return local - offset * SECOND


@lru_cache(maxsize=65_536)
def _offsets_of_hour(zone: str, hour: int) -> tuple[int, int]:
    start = EPOCH + timedelta(hours=hour)
    end = start + timedelta(minutes=59, seconds=59, microseconds=999_999)
    return _offset_at(zone, start), _offset_at(zone, end)


def _offset_at(zone: str, local: datetime) -> int:
    offset = local.replace(tzinfo=ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def _matrix(texts: pa.Array) -> tuple[Bytes, Numbers]:
    """The bytes of each text in a row of WIDTH, 0 beyond its end, and its length."""
    _, offsets, buffer = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    content = np.frombuffer(buffer, np.uint8) if buffer else np.zeros(0, np.uint8)
    length = np.diff(bounds).astype(np.int64)
    if len(bounds) > 1 and (length == length[0]).all() and length[0] <= WIDTH:
        # Times of one length lie side by side already.
        side_by_side = content[bounds[0] : bounds[-1]].reshape(len(length), -1)
        return np.pad(side_by_side, ((0, 0), (0, WIDTH - int(length[0])))), length
    place = bounds[:-1, None] + np.arange(WIDTH)
    inside = np.arange(WIDTH) < length[:, None]
    padded = content if len(content) else np.zeros(1, np.uint8)
    return np.where(inside, padded[np.minimum(place, len(padded) - 1)], 0), length


def _leading_digits(characters: Bytes, length: Numbers) -> Numbers:
    is_digit = (characters >= ord("0")) & (characters <= ord("9"))
    run = np.argmin(is_digit, axis=1)
    return np.minimum(np.where(is_digit.all(axis=1), WIDTH, run), length)


def _number(characters: Bytes, begin: int, stop: int, digits: Numbers, absent: int) -> Numbers:
    value = np.zeros(len(characters), np.int64)
    for place in range(begin, stop):
        value = value * 10 + (characters[:, place] - ord("0"))
    if (digits >= stop).all():
        return value
    return np.where(digits >= stop, value, absent)


def _wall_clock(characters: Bytes, digits: Numbers) -> tuple[Numbers, Numbers, Flags]:
    """Days since 1970, seconds within the day, and whether they are a real date and time."""
    year = _number(characters, 0, 4, digits, 0)
    month = _number(characters, 4, 6, digits, 1)
    day = _number(characters, 6, 8, digits, 1)
    hour, minute, second = (_number(characters, n, n + 2, digits, 0) for n in (8, 10, 12))
    readable = np.isin(digits, PRECISIONS) & (year >= EARLIEST_YEAR) & (year <= LATEST_YEAR)
    readable &= (month >= 1) & (month <= 12) & (hour < 24) & (minute < 60) & (second < 60)  # noqa: PLR2004
    start = np.where(readable, (year - EARLIEST_YEAR) * 12 + month - 1, 0)
    days, following = FIRST_DAYS[start], FIRST_DAYS[start + 1]
    readable &= (day >= 1) & (day <= following - days)
    return days + day - 1, (hour * 60 + minute) * 60 + second, readable


def _fraction(characters: Bytes, digits: Numbers) -> tuple[Numbers, Numbers]:
    """Microseconds after the point, and how many characters the point and its digits take."""
    rows = np.arange(len(characters))
    has_point = characters[rows, np.minimum(digits, WIDTH - 1)] == ord(".")
    value, width, open_ = np.zeros(len(rows), np.int64), has_point.astype(np.int64), has_point
    for place in range(1, FRACTION + 1):
        character = characters[rows, np.minimum(digits + place, WIDTH - 1)]
        open_ = open_ & (character >= ord("0")) & (character <= ord("9"))
        value = value * 10 + np.where(open_, character.astype(np.int64) - ord("0"), 0)
        width += open_
    # A point without a digit after it is no fraction: the length then does not add up.
    return value, np.where(width > 1, width, 0)


def _offset(characters: Bytes, at: Numbers) -> tuple[Numbers, Flags, Numbers, Flags]:
    """Seconds east of UTC, whether an offset is there, its width, and whether it is possible."""
    rows = np.arange(len(characters))
    part = [
        characters[rows, np.minimum(at + place, WIDTH - 1)].astype(np.int64) for place in range(5)
    ]
    there = (part[0] == ord("+")) | (part[0] == ord("-"))
    digit = [place - ord("0") for place in part[1:]]
    numeric = np.all([(value >= 0) & (value <= 9) for value in digit], axis=0)  # noqa: PLR2004
    hours, minutes = digit[0] * 10 + digit[1], digit[2] * 10 + digit[3]
    seconds = (hours * 60 + minutes) * 60 * np.where(part[0] == ord("-"), -1, 1)
    possible = ~there | (numeric & (hours <= FURTHEST_HOURS) & (minutes < 60))  # noqa: PLR2004
    return np.where(there, seconds, 0), there, np.where(there, 5, 0), possible
