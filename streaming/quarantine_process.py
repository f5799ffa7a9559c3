"""`python -m streaming.quarantine_process`: a replay out of quarantine, as a process.

Here: its options. Not here: the replay itself (quarantine_replay.py), or how it is told of
(reporting.py).
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from clinical.wire.profile import ProfileError
from lakehouse.errors import LakehouseError
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from streaming.inbox.opening import open_inbox
from streaming.quarantine import Wanted, waiting_in
from streaming.quarantine_replay import Outcome, Replay, Told
from streaming.reporting import reporting


def replay_in(settings: Settings, lake: Lake, wanted: Wanted, told: Told, *, dry: bool) -> Outcome:
    """Replay out of a deployment's quarantine into its inbox; `dry` only says what would be put.

    Raises:
        LakehouseError: As `Replay.run`.
    """
    # A dry run must not make an inbox either.
    with nullcontext() if dry else closing(open_inbox(settings, lake)) as inbox:
        replay = Replay(
            lake,
            inbox,
            lambda feed: load_profile(feed, settings.feeds),
            waiting_in(settings, lake),
            datetime.now(UTC),
        )
        return replay.run(wanted, told)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a replay to its end; the exit code."""
    options = _parser().parse_args(arguments)
    with reporting() as reporter:
        try:
            outcome = _run(options, reporter.progress)
        except (LakehouseError, ProfileError) as error:
            sys.stderr.write(f"{error}\n")
            return error.exit_code if isinstance(error, LakehouseError) else 2
        reporter.finished(outcome.to_json())
    return 0


def _run(given: Namespace, told: Told) -> Outcome:
    settings = Settings.load()
    if given.feeds is not None:
        settings = settings.model_copy(update={"feeds": given.feeds})
    # First as a reader: a mistyped directory must not become an empty lake.
    lake = Lake.open(given.lake, create=False)
    if not given.dry_run:
        lake = Lake.open(given.lake, create=True)
    return replay_in(settings, lake, Wanted(given.feed, given.reason), told, dry=given.dry_run)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m streaming.quarantine_process", description=__doc__)
    parser.add_argument("--lake", type=Path, required=True, help="the lake and its inbox")
    parser.add_argument("--feed", help="messages of this feed alone")
    parser.add_argument("--reason", help="messages with this reason alone")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be put")
    parser.add_argument("--feeds", type=Path, help="directory of the feed profiles")
    return parser


if __name__ == "__main__":
    sys.exit(main())
