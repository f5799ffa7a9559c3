"""`python -m streaming.backfill`: stored messages through the dataflow once more, as a process.

Here: its options, progress and result: as Dagster Pipes messages where Dagster started it, else as
one line of JSON on stdout. Not here: the run itself (bounded.py).
"""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from clinical.detection.batch_clock import BatchClock
from clinical.detection.version import rules_version
from clinical.wire.profile import ProfileError
from lakehouse.cuts import Cut, cut
from lakehouse.errors import LakehouseError
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from streaming.bounded import Wanted, backfill
from streaming.replay import Options

# Set by Dagster in the environment of a process that it starts.
STARTED_BY_DAGSTER = "DAGSTER_PIPES_CONTEXT"
REPORT_EVERY_SECONDS = 2.0
# The keys of the result; nothing in it tells of a patient.
Result = Mapping[str, object]


class Reporter(Protocol):
    """Who is told how far it is, and what came of it."""

    def progress(self, done: int, of: int) -> None:
        """So many messages are committed."""

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
            self.log(f"{done} of {of} messages are committed")

    def finished(self, result: Result) -> None:
        nested = {
            name: {"raw_value": value, "type": "json"}
            for name, value in result.items()
            if isinstance(value, dict | list)
        }
        self.materialised({**result, **nested})


@contextmanager
def _reporter() -> Iterator[Reporter]:
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a backfill to its end; the exit code."""
    options = _parser().parse_args(arguments)
    with _reporter() as reporter:
        try:
            reporter.finished(_run(options, reporter))
        except (LakehouseError, ProfileError) as error:
            sys.stderr.write(f"{error}\n")
            return error.exit_code if isinstance(error, LakehouseError) else 2
    return 0


def _run(given: Namespace, reporter: Reporter) -> Result:
    settings = Settings.load()
    feeds = given.feeds or settings.feeds
    source = Lake.open(given.lake, create=False)
    target = Lake.open(given.into, create=True)
    zone = ZoneInfo(given.zone or settings.hospital_zone)
    hour = settings.batch_hour if given.hour is None else given.hour
    outcome = backfill(
        source,
        target,
        lambda feed: load_profile(feed, feeds),
        Wanted(given.feed, given.since, given.until),
        at=given.cut,
        options=Options(
            BatchClock(zone, hour),
            timedelta(seconds=given.epoch or settings.epoch_seconds),
            given.batch or settings.batch_messages,
        ),
        told=reporter.progress,
    )
    return {
        **outcome.to_json(),
        "rules_version": rules_version(),
        # There are no transports yet; when there are, a backfill has none.
        "transports": "off",
        "cut": cut(target).to_json(),
    }


def _cut(text: str) -> Cut:
    return Cut.from_json(json.loads(text))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m streaming.backfill", description=__doc__)
    parser.add_argument("--lake", type=Path, required=True, help="the lake whose messages are read")
    parser.add_argument("--into", type=Path, required=True, help="the lake that takes the rows")
    parser.add_argument("--feed", help="this feed alone, as if there were no other")
    day = "day (UTC) on which messages were received, YYYY-MM-DD"
    parser.add_argument("--from", dest="since", type=date.fromisoformat, help=f"first {day}")
    parser.add_argument("--to", dest="until", type=date.fromisoformat, help=f"last {day}")
    parser.add_argument("--cut", type=_cut, help="cut of the source, as JSON; its newest")
    parser.add_argument("--feeds", type=Path, help="directory of the feed profiles")
    parser.add_argument("--zone", help="time zone of the hospital's nightly jobs")
    parser.add_argument("--hour", type=int, help="hour of the nightly jobs")
    parser.add_argument("--epoch", type=float, help="seconds between commits")
    parser.add_argument("--batch", type=int, help="most messages that flow as one batch")
    return parser


if __name__ == "__main__":
    sys.exit(main())
