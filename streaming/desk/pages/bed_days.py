"""Beds that were occupied, unit by unit: what alerts are counted against.

Here: one question to the lake, remembered for some minutes. Not here: where somebody was
(lakehouse/encounters.py).
"""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from lakehouse import encounters, identities
from lakehouse.catalogue import attach, cursor
from lakehouse.lake import Lake
from lakehouse.tables import TABLES

# A page a quarter of an hour behind tells the same; the question costs seconds on a big lake.
_KEPT: Final = timedelta(minutes=15)
_NEEDED: Final = tuple(
    TABLES[name] for name in dict.fromkeys((*encounters.LAW.needs, *identities.LAW.needs))
)
_DAYS: Final = """
select
    unit,
    sum(date_diff(
        'second', greatest(started_at, $since), least(coalesce(ended_at, $until), $until)
    )) / 86400.0 as days
from lake.location_stays_as_known($until)
where unit is not null and started_at < $until and coalesce(ended_at, $until) > $since
group by unit
"""


class BedDays:
    """Bed-days of a lake, by unit."""

    def __init__(self, lake: Lake) -> None:
        """Nothing asked yet."""
        self._lake = lake
        self._turn = threading.Lock()
        self._kept: dict[timedelta, tuple[datetime, Mapping[str | None, float]]] = {}

    def over(self, span: timedelta, until: datetime) -> Mapping[str | None, float]:
        """Bed-days of the time before a moment."""
        with self._turn:
            at, found = self._kept.get(span, (None, {}))
            if at is None or not timedelta() <= until - at < _KEPT:
                found = bed_days(self._lake, until - span, until)
                self._kept[span] = (until, found)
            return found


def bed_days(lake: Lake, since: datetime, until: datetime) -> Mapping[str | None, float]:
    """Bed-days by unit from one moment to another, as known at the later."""
    with cursor() as connection:
        connection.execute("set TimeZone = 'UTC'")
        attach(connection, lake, "lake", tables=_NEEDED)
        try:
            rows = connection.execute(_DAYS, {"since": since, "until": until}).fetchall()
        finally:
            connection.execute("drop schema lake cascade")
    return dict(rows)
