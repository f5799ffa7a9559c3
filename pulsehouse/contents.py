"""What a lake holds, as plain values: counts, lags, alerts, hours.

Here: the questions that `demo` and `status` ask, in SQL, each with one answer. Not here: how the
answers are shown (demo.py, status_report.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import duckdb

from lakehouse.columns import DISPOSITIONS
from lakehouse.cuts import Cut
from lakehouse.tables import TABLES

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Contents:
    """Questions to one connection of `lakehouse.catalogue.connect`."""

    connection: duckdb.DuckDBPyConnection

    def ask(self, sql: str, **values: object) -> list[Row]:
        """Rows of a query that is written in code; values are bound by the engine."""
        found = self.connection.execute(sql, values or None).to_arrow_table().to_pylist()
        return list(found)

    def dispositions(self) -> dict[str, Row]:
        """Messages of each feed by disposition."""
        feeds: dict[str, Row] = {}
        for row in self.ask(_DISPOSITIONS):
            feed = feeds.setdefault(row["feed"], dict.fromkeys(DISPOSITIONS, 0))
            feed[row["disposition"]] = row["messages"]
        return feeds

    def tables(self) -> list[Row]:
        """Rows of each table, and when the newest of them was received."""
        selects = (
            f"select '{name}' as \"table\", count(*) as rows, max(received_at) as newest"  # noqa: S608
            f" from {name}"
            for name in sorted(TABLES)
        )
        return self.ask(" union all ".join(selects))

    def documentation_lag(self) -> Row:
        """Minutes from clinical to documentation time of scored observations."""
        return self.ask(_DOCUMENTATION_LAG)[0]

    def alerts(self) -> list[Row]:
        """Alerts by rule and status, the gravest first."""
        return self.ask(_ALERTS)

    def hours_gained(self) -> Row:
        """How much earlier than the nightly job the raised alerts came."""
        return self.ask(_HOURS)[0]

    def quarantine(self) -> list[Row]:
        """Why messages were quarantined."""
        return self.ask(_QUARANTINE)

    def unmapped(self) -> list[Row]:
        """The codes without a concept that were sent most."""
        return self.ask(_UNMAPPED)

    def septic_story(self) -> Row | None:
        """One raised sepsis alert: of the gravest, the one furthest ahead of the nightly job."""
        found = self.ask(_STORY)
        return found[0] if found else None


def balance(
    dispositions: dict[str, Row],
    at: Cut,
    lost: Mapping[str, int] = MappingProxyType({}),
    unused: Mapping[str, int] = MappingProxyType({}),
) -> list[Row]:
    """The ledger equation per feed: each message that came in has one disposition, or is lost.

    Args:
        dispositions: Messages of each feed by disposition.
        at: The cut at which they were counted.
        lost: Messages of each feed that are recorded as lost, up to the cut.
        unused: Offsets of each feed that are recorded as those of no message, up to the cut.
    """
    journaled: dict[str, int] = dict.fromkeys(dispositions, 0)
    for (feed, _), reached in at.items():
        journaled[feed] = journaled.get(feed, 0) + reached + 1
    return [
        _balanced(
            feed,
            count - unused.get(feed, 0),
            dispositions.get(feed, dict.fromkeys(DISPOSITIONS, 0)),
            lost.get(feed, 0),
        )
        for feed, count in sorted(journaled.items())
    ]


def _balanced(feed: str, journaled: int, dispositions: Row, lost: int) -> Row:
    return {
        "feed": feed,
        "journaled": journaled,
        **dispositions,
        "lost": lost,
        "balances": journaled == sum(dispositions.values()) + lost,
    }


_DISPOSITIONS = """
select feed, disposition, count(*) as messages
from raw_messages
group by all
"""

_DOCUMENTATION_LAG = """
with lags as (
    select epoch(documented_at - effective_at) / 60 as minutes
    from observations
    where is_scored and documented_at is not null and effective_at is not null
)
select
    count(*) as observations,
    quantile_cont(minutes, 0.5) as median_minutes,
    quantile_cont(minutes, 0.99) as p99_minutes
from lags
"""

_ALERTS = """
select
    rule, severity, status, count(*) as alerts,
    median(hours_before_batch) as median_hours, max(hours_before_batch) as most_hours
from alerts
group by rule, severity, status
order by
    array_position(['critical', 'high', 'medium', 'low'], severity), alerts desc, rule, status
"""

_HOURS = """
select
    count(*) as alerts, median(hours_before_batch) as median_hours,
    max(hours_before_batch) as most_hours, sum(hours_before_batch) as total_hours
from alerts
where status = 'raised'
"""

_QUARANTINE = """
select feed, stage, reason, count(*) as messages
from raw_messages
where disposition = 'quarantined'
group by all
order by messages desc, feed, stage, reason
limit 20
"""

_UNMAPPED = """
select
    feed, code_system, code,
    -- Words in place of a code are a person's own, and may say anything.
    if(code is null, '(words, no code)', any_value(code_text)) as code_text,
    count(*) as observations
from observations
where not_scored_reason = 'unmapped_code'
group by feed, code_system, code
order by observations desc, feed, code_system, code
limit 10
"""

_STORY = """
select *
from alerts
where rule_family = 'sepsis' and status = 'raised'
order by band desc, hours_before_batch desc, alert_id
limit 1
"""
