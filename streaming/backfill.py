"""`python -m streaming.backfill`: stored messages through the dataflow once more, as a process.

Here: its options. Not here: the run itself (bounded.py), or how it is told of (reporting.py).
"""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
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
from streaming.reporting import Reporter, Result, reporting


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a backfill to its end; the exit code."""
    options = _parser().parse_args(arguments)
    with reporting() as reporter:
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
