"""Replay in arrival order: the same messages in the same order give the same rows.

Here: one replay of what is stored into a scratch lake, the comparison of every table, and the
evidence. Not here: the dataflow, which runs as a process of its own (bounded.py).

What does not agree is a defect, never lateness: both sides knew the same things in the same order.
"""

from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from clinical.detection.version import rules_version
from lakehouse.arrivals import Run, add_runs, arrivals, split, stretches
from lakehouse.batch.replays import REPLAY_DIFFERENCES
from lakehouse.catalogue import connect
from lakehouse.cuts import Cut, cut
from lakehouse.lake import Lake
from lakehouse.ledgers import append_entry
from lakehouse.settings import Settings
from lakehouse.tables import RAW_MESSAGES
from orchestration.replays import bounded
from orchestration.replays.comparing import Compared, Comparison, tables_in_order
from orchestration.replays.runs import ReplayRun, instant, new_id, record
from orchestration.replays.scratch import LAKE, scratch

# Differing rows that one run stores; all are counted.
MOST_SHOWN = 1_000


def replay_in_arrival_order(
    lake: Lake, settings: Settings, at: Cut | None = None, *, nights: int | None = None
) -> ReplayRun:
    """Replay what is stored and hold every table against it; the run is evidence, also if red.

    Args:
        lake: The lake, open for writing.
        settings: The deployment: profiles, the hospital's clock, sizes of batches and epochs.
        at: The cut; the lake's newest where None.
        nights: Replay only the last so many days of the feeds' clocks: the fold first recollects
            what was known before them. All of the history where None, which is the full proof.

    Raises:
        ReplayError: The replay broke off; nothing was concluded.
    """
    began, line = instant(), cut(lake) if at is None else at
    replay_id = new_id("arrival", began)
    since = None if nights is None else _days_before_the_last(lake, line, nights)
    with scratch(lake, replay_id) as place:
        if line:
            told = bounded.command(lake.root, place / LAKE, settings, at=line, since=since)
            bounded.run(told)
        runs = _replayed(lake, line, since)
        found = _compared(lake, place, line, runs, replay_id)
    concluded = _conclude(replay_id, began, line, found, _window(lake, line, runs))
    record(lake, concluded)
    return concluded


def _days_before_the_last(lake: Lake, at: Cut, nights: int) -> date | None:
    with connect(lake, tables=(RAW_MESSAGES,), at=at) as connection:
        # The last message of each place, not the newest clock: one wrong clock is no window.
        sql = 'select max_by(received_date, "offset") from raw_messages group by feed, "partition"'
        days = [day for (day,) in connection.execute(sql).fetchall()]
    return min(days) - timedelta(days=nights - 1) if days else None


def _replayed(lake: Lake, at: Cut, since: date | None) -> tuple[Run, ...]:
    """The messages that a backfill since a day flows, as it chooses them itself."""
    order = arrivals(lake, at)
    if since is None:
        return order
    with connect(lake, tables=(RAW_MESSAGES,), at=at) as connection:
        rows = connection.execute(_FIRST_SINCE, {"since": since}).fetchall()
    before = {(f, p): at[f, p] if first is None else first - 1 for f, p, first in rows}
    return split(order, Cut(before))[1]


_FIRST_SINCE = """
select feed, "partition", min("offset") filter (received_date >= $since)
from raw_messages group by all
"""


def _compared(
    lake: Lake, place: Path, at: Cut, runs: tuple[Run, ...], replay_id: str
) -> list[Compared]:
    replayed = Lake.open(place / LAKE, create=True)
    found, shown = [], 0
    with closing(Comparison(lake, replayed, at, runs, place)) as comparison:
        for table in tables_in_order():
            found.append(comparison.compare(table, rules_version()))
            if found[-1].differing and shown < MOST_SHOWN:
                rows = comparison.shown(table, replay_id, shown, MOST_SHOWN - shown)
                _store(lake, replay_id, shown, rows)
                shown += rows.num_rows
    return found


def _store(lake: Lake, replay_id: str, before: int, rows: pa.Table) -> None:
    append_entry(lake, REPLAY_DIFFERENCES, replay_id, before + rows.num_rows, rows)


@dataclass(frozen=True, slots=True)
class _Window:
    messages: int
    first: datetime | None
    last: datetime | None


def _window(lake: Lake, at: Cut, runs: tuple[Run, ...]) -> _Window:
    with connect(lake, tables=(RAW_MESSAGES,), at=at) as connection:
        add_runs(connection, stretches(runs))
        return _Window(*(connection.execute(_REPLAYED).fetchone() or (0, None, None)))


_REPLAYED = """
select count(*), min(m.received_at), max(m.received_at)
from raw_messages m
semi join runs r on m.feed = r.feed and m."partition" = r."partition"
    and m."offset" between r.first and r.last
"""


def _conclude(
    replay_id: str, began: datetime, at: Cut, found: list[Compared], window: _Window
) -> ReplayRun:
    differing = sum(one.differing for one in found)
    others = _by_version(found)
    is_equal = None if others or not window.messages else differing == 0
    return ReplayRun(
        replay_id,
        "arrival",
        began,
        instant(),
        at,
        rules_version(),
        window.first,
        window.last,
        window.messages,
        sum(one.rows for one in found),
        differing,
        is_equal,
        {one.table: one.told for one in found},
        others,
        _verdict(window, differing, others),
    )


def _by_version(found: list[Compared]) -> dict[str, dict[str, int]]:
    total: dict[str, dict[str, int]] = {}
    for one in found:
        for version, counts in one.other_rules.items():
            known = total.setdefault(version, {"rows": 0, "differing": 0})
            for name, count in counts.items():
                known[name] += count
    return total


def _verdict(window: _Window, differing: int, others: dict[str, dict[str, int]]) -> str:
    if not window.messages:
        return "there is no message to replay: nothing was compared"
    if others:
        rows = sum(counts["rows"] for counts in others.values())
        return (
            f"{rows} stored rows were made by other rules ({', '.join(sorted(others))}): a replay"
            " by these rules proves nothing about them; backfill the lake, then replay it"
        )
    if differing:
        return f"{differing} rows differ: the stream and its replay disagree, which is a defect"
    return "every row of every table is equal"
