"""`pulsehouse replay`: files of a feed into a lake.

Here: the run with its progress, its summary and its exit code. Not here: the replay itself
(streaming/replay.py).
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from clinical.detection.batch_clock import BatchClock
from lakehouse.feeds import load_profile
from pulsehouse import terminal
from pulsehouse.deployment import files_of, open_lake, settings, speed_of
from pulsehouse.failure import FOUND_PROBLEMS, INTERRUPTED, OK
from pulsehouse.watching import Board, board
from streaming.replay import Options, Outcome, replay

AGAIN = "interrupted; what was committed stays: the same command again goes on where it stopped"


def run(paths: Sequence[Path], feed: str, place: Path | None, speed: str, *, as_json: bool) -> int:
    """Replay what was named and tell what it added."""
    try:
        with board(terminal.err(), speed_of(speed)) as shown:
            outcome = replayed(files_of(paths), feed, place, shown)
    except KeyboardInterrupt:
        terminal.say(AGAIN)
        return INTERRUPTED
    if as_json:
        terminal.emit_json(outcome.to_json())
    else:
        _show(outcome)
    return warned(outcome)


def replayed(files: Sequence[Path], feed: str, place: Path | None, shown: Board) -> Outcome:
    """The outcome of a replay that tells a board."""
    known = settings()
    # The feed first: a mistyped name must not leave an empty lake behind.
    profile = load_profile(feed, known.feeds)
    lake = open_lake(place, create=True)
    return replay(lake, profile, files, options(shown.speedometer.speed), shown.watcher())


def options(speed: float | None) -> Options:
    """How a replay runs in this deployment."""
    known = settings()
    return Options(
        clock=BatchClock(ZoneInfo(known.hospital_zone), known.batch_hour),
        epoch=timedelta(seconds=known.epoch_seconds),
        batch=known.batch_messages,
        speed=speed,
    )


def warned(outcome: Outcome) -> int:
    """Say what a replay warns of; its exit code."""
    for warning in outcome.warnings:
        terminal.say(f"warning: {warning}")
    return FOUND_PROBLEMS if outcome.warnings else OK


def _show(outcome: Outcome) -> None:
    found = outcome.dispositions
    terminal.show_table(
        "Messages added", tuple(found) or ("messages",), [tuple(found.values()) or (0,)]
    )
    terminal.show_table("Rows added", ("table", "rows"), sorted(outcome.rows.items()))
    observations = outcome.rows["observations"]
    rate = observations / outcome.seconds if outcome.seconds else 0
    terminal.write(f"\n{outcome.seconds:.1f} s, {rate:,.0f} observations/s")
    if found["quarantined"]:
        terminal.say("note: `pulsehouse status` says why messages were quarantined")
