"""What a replay shows: counts, places of rows that differ, and how late the stream knew.

Here: metadata for Dagster, without a value or an identifier of a patient. Not here: the assets.
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from typing import Any

import dagster as dg
import duckdb

from lakehouse.batch.replays import LATENESS, REPLAY_DIFFERENCES
from lakehouse.batch_reading import attach_zone, is_stored
from lakehouse.catalogue import equip
from lakehouse.lake import Lake
from orchestration.replays.causes import BY_CAUSE, BY_HOUR
from orchestration.replays.runs import ReplayRun
from orchestration.shown import bar_chart, markdown_table

Replay = Callable[[], ReplayRun]
Shown = dict[str, dg.MetadataValue]
# Places of differing rows that a check shows; the table has more.
PLACES = 20
HOURS = [f"{hour:02d}" for hour in range(24)]
# The score whose lateness has a chart of its own: a ward acts on it by the hour.
CHARTED = "news2"


def of_run(run: ReplayRun) -> Shown:
    """What a run counted and concluded."""
    header = ("table", "rows", "differing", "of them by other rules")
    counts = (
        (name, told["rows"], told.get("differing", ""), told.get("of_other_rules", ""))
        for name, told in run.tables.items()
    )
    return {
        "verdict": dg.MetadataValue.text(run.verdict),
        "replay_id": dg.MetadataValue.text(run.replay_id),
        "rules_version": dg.MetadataValue.text(run.rules_version),
        "messages": dg.MetadataValue.int(run.messages),
        "differing": dg.MetadataValue.int(run.differing),
        "seconds": dg.MetadataValue.float(run.seconds),
        "tables": dg.MetadataValue.md(markdown_table(header, counts)),
    }


def of_differences(lake: Lake, run: ReplayRun) -> Shown:
    """Where the first rows lie that differ: their messages, and no patient."""
    if not run.differing or not is_stored(lake.path(REPLAY_DIFFERENCES)):
        return {}
    header = ("table", "side", "feed", "partition", "offset", "row", "columns")
    rows = _query(lake, _PLACES, [run.replay_id])
    return {"where": dg.MetadataValue.md(markdown_table(header, rows))}


_PLACES = f"""
select table_name, side, feed, "partition", "offset", "row", array_to_string(columns, ', ')
from replays.replay_differences where replay_id = ? order by number limit {PLACES}
"""  # noqa: S608 a number


def of_lateness(lake: Lake) -> Shown:
    """How late the stream knew: by hour, unit and subject, and why."""
    if not is_stored(lake.path(LATENESS)):
        return {}
    hours = _query(lake, BY_HOUR, [])
    causes = _query(lake, BY_CAUSE, [])
    header = ("subject", "kind", "cause", "rises", "median minutes", "95 % within")
    return {
        "late_by_hour": _late_by_hour(hours),
        "minutes_by_hour": _minutes_by_hour(hours),
        "causes": dg.MetadataValue.md(markdown_table(header, causes)),
    }


def _late_by_hour(hours: list[Any]) -> dg.MetadataValue:
    """Rises that the stream knew late, stacked by unit."""
    late: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(HOURS))
    for hour, unit, _, apart, _ in hours:
        late[unit or "no unit"][hour] += apart
    return bar_chart("Rises known late, by the hour at which they were true", HOURS, late)


def _minutes_by_hour(hours: list[Any]) -> dg.MetadataValue:
    """The slowest of the units' medians in each hour, for one score."""
    slowest = [0.0] * len(HOURS)
    for hour, _, subject, _, minutes in hours:
        if subject == CHARTED and minutes is not None:
            slowest[hour] = max(slowest[hour], minutes)
    title = f"Minutes until the stream knew a rise of {CHARTED}: median, slowest unit"
    return bar_chart(title, HOURS, {CHARTED: slowest})


def _query(lake: Lake, sql: str, values: list[Any]) -> list[Any]:
    with closing(duckdb.connect()) as connection:
        equip(connection)
        connection.execute("set TimeZone = 'UTC'")
        attach_zone(connection, lake, "replays")
        return connection.execute(sql, values).fetchall()
