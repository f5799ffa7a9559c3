"""Hand-written timelines: cultures, doses, lactates and hourly SOFA, told in hours of one stay."""

from datetime import UTC, datetime
from itertools import count
from zoneinfo import ZoneInfo

from clinical.adjudication.evidence import Culture, Drug, Evidence, Measured
from clinical.adjudication.sofa import SofaHours
from clinical.adjudication.standing import Source

HOUR = 3_600_000_000
DAY = 24 * HOUR
MINUTE = HOUR // 60
SECOND = MINUTE // 60
ZONE = ZoneInfo("UTC")
# Noon, so that no whole number of hours under twelve falls on a midnight by accident.
NOON = int(datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp()) * 1_000_000
VISIT = "V1"
_NUMBER = count()


def at(hours):
    """The instant so many hours after noon of the first day."""
    return NOON + round(hours * HOUR)


def source(table="observations"):
    return Source(table, "f", 0, next(_NUMBER), 0)


def culture(hours, known=None, *, is_day=False, is_blood=True, encounter=VISIT):
    known = hours if known is None else known
    return Culture(at(hours), at(known), source("order_events"), encounter, is_day, is_blood)


def dose(hours, until=None, known=None, *, is_given=True, route="intravenous", name="cefepime"):
    return Drug(
        at(hours),
        at(hours if known is None else known),
        source("medication_events"),
        VISIT,
        None if until is None else at(until),
        is_given,
        route,
        name,
    )


def value(hours, number, known=None):
    return Measured(at(hours), at(hours if known is None else known), source(), VISIT, number)


def told(cultures=(), antibiotics=(), vasopressors=()):
    return Evidence(list(cultures), list(antibiotics), list(vasopressors))


def sofa(totals):
    """From hour to total; known at the hour itself."""
    return SofaHours.of({at(hour): (total, at(hour)) for hour, total in totals.items()})


def hours_of(instant):
    """An instant as hours after noon of the first day."""
    return None if instant is None else (instant - NOON) / HOUR
