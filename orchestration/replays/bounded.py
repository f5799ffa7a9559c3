"""The bounded dataflow, as the process that it is to this side of the house.

Here: starting `python -m streaming.backfill` and reading its result. Not here: the dataflow
(streaming/), which batch work never imports.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from lakehouse.cuts import Cut
from lakehouse.settings import Settings
from orchestration.replays.errors import ReplayError

MODULE = "streaming.backfill"
# Where Dagster started us itself, the process would report to Dagster instead of to us.
NOT_PASSED_ON = ("DAGSTER_PIPES_CONTEXT", "DAGSTER_PIPES_MESSAGES")
LONGEST_REASON = 500


def command(
    source: Path,
    into: Path,
    settings: Settings,
    *,
    at: Cut | None = None,
    feed: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> list[str]:
    """The command line of a backfill, with all that it must not look up by itself."""
    settled: dict[str, object] = {
        "lake": source,
        "into": into,
        "feeds": settings.feeds,
        "zone": settings.hospital_zone,
        "hour": settings.batch_hour,
        "epoch": settings.epoch_seconds,
        "batch": settings.batch_messages,
        "feed": feed,
        "from": since,
        "to": until,
        "cut": None if at is None else json.dumps(at.to_json()),
    }
    options = [f"--{name}={value}" for name, value in settled.items() if value is not None]
    return [sys.executable, "-m", MODULE, *options]


def run(arguments: Sequence[str]) -> Mapping[str, Any]:
    """Run a backfill to its end.

    Raises:
        ReplayError: It failed; the message ends with what it said.
    """
    env = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, env=env)  # noqa: S603 our own module
    if done.returncode == 0 and done.stdout.strip():
        result: Mapping[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return result
    raise ReplayError(_why(done.returncode, done.stderr), was_killed=done.returncode < 0)


def _why(code: int, said: str) -> str:
    lines = said.strip().splitlines() or ["it said nothing"]
    # Only our own errors are one line that holds no stored value; a traceback may hold one.
    is_ours = len(lines) == 1
    reason = lines[0][:LONGEST_REASON] if is_ours else "it broke off with a defect of ours"
    how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    return f"the backfill {how}: {reason}; the lake is as it was, run it again"
