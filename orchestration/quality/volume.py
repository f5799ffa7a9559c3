"""Volume and lateness against history: is today like the days before?

Here: rows per hour of a feed against the same hour of earlier days, and how late rows were written
down against earlier days. Not here: what a row may hold (suites.py), or how long a feed has been
silent by the wall clock (a freshness policy of the assets).

A warning, never a stop: a ward that empties over a holiday looks the same as a feed that breaks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from lakehouse.catalogue import connect, quoted_name
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.tables import Table
from orchestration.quality.rules import AtLeast, Rule
from orchestration.quality.validation import Validator, frame

# So many earlier days with rows are needed to speak of a usual hour, and so many are looked at.
LEAST_DAYS = 7
MOST_DAYS = 28
# An hour is unusual beyond so many times the median or its inverse, and so many times the spread
# that counts as small as these have by chance (their square root).
TIMES = 4
SPREAD = 4
# An hour with fewer rows is never too many: one laboratory panel in a quiet night has dozens.
FEW_ROWS = 100
# Lateness is unusual beyond so many times the median of earlier days, and so many minutes more.
LATER_MINUTES = 30

_NEWEST = "select max(received_date) from {table}"
# The newest 24 whole hours of each feed are looked at; earlier days are counted from its first.
_HOURS = """
with hours as (
    select feed, date_trunc('hour', received_at) as hour, count(*) as rows
    from {table} where received_date >= date '{first}' group by all
),
feeds as (
    select feed, min(hour) as first_hour, max(hour) - interval 1 hour as last_hour
    from hours group by feed
),
looked_at as (
    select feed, first_hour, unnest(
        generate_series(last_hour - interval 23 hours, last_hour, interval 1 hour)
    ) as hour
    from feeds
),
earlier as (
    select l.feed, l.hour, coalesce(h.rows, 0) as rows
    from looked_at l
    cross join range(1, {most_days} + 1) d(days)
    left join hours h on h.feed = l.feed and h.hour = l.hour - to_days(d.days::integer)
    where l.hour - to_days(d.days::integer) >= l.first_hour
),
usual as (
    select feed, hour, median(rows) as usual from earlier group by all
    having count(*) >= {least_days}
)
select
    u.feed,
    u.hour,
    coalesce(h.rows, 0)::double as rows,
    u.usual / {times} - {spread} * sqrt(u.usual) as least,
    u.usual * {times} + {spread} * sqrt(u.usual) + {few_rows} as most
from usual u left join hours h using (feed, hour)
order by u.feed, u.hour
"""
_LATENESS = """
with days as (
    select
        feed,
        cast(received_at as date) as day,
        quantile_cont(epoch(received_at - documented_at) / 60, 0.95) as minutes
    from {table} where received_date >= date '{first}' and documented_at is not null
    group by all
),
newest as (select feed, max(day) as day from days group by feed)
select
    n.feed,
    n.day::timestamp as hour,
    any_value(d.minutes) filter (d.day = n.day) as minutes,
    median(d.minutes) filter (d.day < n.day) * {times} + {later_minutes} as most
from newest n
join days d on d.feed = n.feed and d.day between n.day - {most_days} and n.day
group by n.feed, n.day
having count(*) > {least_days}
order by n.feed
"""
VOLUME: Sequence[Rule] = (
    AtLeast("not_fewer_rows_than_usual", "rows", "least"),
    AtLeast("not_more_rows_than_usual", "most", "rows"),
)
LATENESS: Sequence[Rule] = (AtLeast("not_documented_later_than_usual", "most", "minutes"),)


@dataclass(frozen=True, slots=True)
class Unusual:
    """One hour, or day, of one feed that is not like those before; numbers are of rows, minutes."""

    rule: str
    feed: str
    at: str
    found: float


@dataclass(frozen=True, slots=True)
class Usual:
    """What was held against history: how many hours and days, and which of them are unusual."""

    hours: int
    days: int
    unusual: tuple[Unusual, ...]

    @property
    def has_history(self) -> bool:
        """Whether there were enough earlier days to say anything."""
        return bool(self.hours or self.days)


def held_against_history(lake: Lake, table: Table, at: Cut | None = None) -> Usual:
    """A table's newest whole day, hour by hour, against the days before.

    Args:
        lake: The lake.
        table: The table.
        at: The cut; the lake's newest where None.
    """
    with connect(lake, tables=(table,), at=at) as connection:
        newest = connection.execute(_NEWEST.format(table=quoted_name(table.name))).fetchall()[0][0]
        if newest is None:
            return Usual(0, 0, ())
        told = _told(table, newest)
        hours = connection.execute(_HOURS.format(**told)).to_arrow_table()
        days = hours.slice(0, 0)
        if "documented_at" in table.schema.names:
            days = connection.execute(_LATENESS.format(**told)).to_arrow_table()
    unusual = (*_unusual(hours, VOLUME, "rows"), *_unusual(days, LATENESS, "minutes"))
    return Usual(len(hours), len(days), unusual)


def _told(table: Table, newest: date) -> Mapping[str, str | int]:
    """What the queries leave open; the first day is spelt out, so that older files are skipped."""
    return {
        "table": quoted_name(table.name),
        "first": (newest - timedelta(days=MOST_DAYS + 1)).isoformat(),
        "most_days": MOST_DAYS,
        "least_days": LEAST_DAYS,
        "times": TIMES,
        "spread": SPREAD,
        "few_rows": FEW_ROWS,
        "later_minutes": LATER_MINUTES,
    }


def _unusual(rows: pa.Table, rules: Sequence[Rule], measure: str) -> list[Unusual]:
    if not rows.num_rows:
        return []
    failed = Validator.of(measure, rules).failed(frame(rows, rules))
    return [
        Unusual(rule, row["feed"], row["hour"].isoformat(), row[measure])
        for rule, places in failed.items()
        for row in rows.take(pa.array(places, pa.int64())).to_pylist()
    ]
