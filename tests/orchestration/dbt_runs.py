"""Runs of dbt for tests: each a process of its own over one lake, as people run it.

Here: the command, its environment, and a connection that reads what came of it. Not here: what a
test expects.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb

from lakehouse.cuts import Cut
from lakehouse.dbt_delta import Plugin
from lakehouse.lake import Lake

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "dbt_project"
DBT = "from dbt.cli.main import cli\ncli()\n"


def started(
    lake: Lake, *arguments: str, at: Cut | None = None, project: Path = PROJECT, code: str = DBT
) -> subprocess.Popen[str]:
    """A running dbt; whoever started it waits for it."""
    place = lake.root.parent / f"target-{len(list(lake.root.parent.glob('target-*')))}"
    place.mkdir()
    command = [sys.executable, "-c", code, "--no-use-colors", *arguments]
    command += ["--target-path", str(place), "--log-path", str(place)]
    command += ["--project-dir", str(project), "--profiles-dir", str(project)]
    environment = os.environ | {
        "PULSEHOUSE_LAKE": str(lake.root),
        "PULSEHOUSE_CUT": json.dumps(at.to_json()) if at else "",
        "PYTHONPATH": str(ROOT),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finished(run: subprocess.Popen[str]) -> tuple[int, str]:
    """How a run ended, and what it said."""
    said, _ = run.communicate()
    return run.returncode, said


def dbt(lake: Lake, *arguments: str, at: Cut | None = None) -> str:
    """One run whose models and tests are all green; what it said."""
    code, said = finished(started(lake, *arguments, at=at))
    assert code == 0, said
    return said


def reader(lake: Lake) -> duckdb.DuckDBPyConnection:
    """A connection of its own with the tables and the marts, as another process would open it."""
    connection = duckdb.connect()
    Plugin("lake", {"lake": str(lake.root)}).configure_connection(connection)
    connection.execute("set TimeZone = 'UTC'")
    return connection
