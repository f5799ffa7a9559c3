"""`pulsehouse migrate prove`: the stream held against its own replay, without Dagster.

Here: a bar while it runs, and what came of it. Not here: the replay (orchestration/replays).
"""

from pathlib import Path
from typing import Any

from orchestration.replays.arrival import replay_in_arrival_order
from orchestration.replays.runs import ReplayRun
from pulsehouse import migrating, terminal
from pulsehouse.bars import bar
from pulsehouse.deployment import settings
from pulsehouse.failure import FOUND_PROBLEMS, OK


def run(place: Path | None, nights: int | None, *, as_json: bool) -> int:
    """Replay in the order of arrival, compare every table, and write the run down as evidence."""
    lake = migrating.lake_to_decide_in(place, dry_run=False)
    with bar(terminal.err()) as progress:
        progress.add_task("replay", total=None, words="every stored message, then every table")
        found = replay_in_arrival_order(lake, settings(), nights=nights)
    if as_json:
        terminal.emit_json(_json(found))
    else:
        _show(found)
    return OK if found.is_equal else FOUND_PROBLEMS


def _json(found: ReplayRun) -> dict[str, Any]:
    return {
        "replay_id": found.replay_id,
        "is_equal": found.is_equal,
        "verdict": found.verdict,
        "messages": found.messages,
        "rows": found.rows,
        "differing": found.differing,
        "tables": found.tables,
        "rules_version": found.rules_version,
        "cut": found.cut.to_json(),
        "seconds": found.seconds,
    }


def _show(found: ReplayRun) -> None:
    rows = [[name, *counts.values()] for name, counts in found.tables.items()]
    columns = ["table", *next(iter(found.tables.values()), {})]
    terminal.show_table("Replay in the order of arrival", columns, rows)
    terminal.write(f"{found.verdict} ({found.replay_id}, {found.seconds:.0f} s)")
    if found.differing:
        terminal.say(
            'the rows: pulsehouse sql "from replays.replay_differences where replay_id ='
            f" '{found.replay_id}'\""
        )
