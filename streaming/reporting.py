"""How a process of this room tells whoever started it of its progress and its result.

Here: as Dagster Pipes messages where Dagster started it, else as one line of JSON on stdout. Not
here: the processes (backfill.py, quarantine_process.py).
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol

# Set by Dagster in the environment of a process that it starts.
STARTED_BY_DAGSTER = "DAGSTER_PIPES_CONTEXT"
REPORT_EVERY_SECONDS = 2.0
# The keys of the result; nothing in it tells of a patient.
Result = Mapping[str, object]


class Reporter(Protocol):
    """Who is told how far it is, and what came of it."""

    def progress(self, done: int, of: int) -> None:
        """So many messages are done."""

    def finished(self, result: Result) -> None:
        """The end."""


class _Printed:
    """One line of JSON at the end: the form for whoever started the process."""

    def progress(self, done: int, of: int) -> None:
        pass

    def finished(self, result: Result) -> None:
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


@dataclass(slots=True)
class _Piped:
    """Dagster Pipes: progress in the run's log, the result as a materialisation."""

    log: Callable[[str], None]
    materialised: Callable[[dict[str, Any]], None]
    told_at: float = 0.0

    def progress(self, done: int, of: int) -> None:
        if monotonic() - self.told_at >= REPORT_EVERY_SECONDS:
            self.told_at = monotonic()
            self.log(f"{done} of {of} messages are done")

    def finished(self, result: Result) -> None:
        nested = {
            name: {"raw_value": value, "type": "json"}
            for name, value in result.items()
            if isinstance(value, dict | list)
        }
        self.materialised({**result, **nested})


@contextmanager
def reporting() -> Iterator[Reporter]:
    """The reporter for whoever started this process."""
    if STARTED_BY_DAGSTER not in os.environ:
        yield _Printed()
        return
    # Only who is started by Dagster needs it to be installed.
    from dagster_pipes import open_dagster_pipes  # noqa: PLC0415

    with open_dagster_pipes() as pipes:
        yield _Piped(
            pipes.log.info,
            lambda metadata: pipes.report_asset_materialization(metadata=metadata),
        )
