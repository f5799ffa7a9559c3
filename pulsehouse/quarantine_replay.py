"""`pulsehouse quarantine replay`: quarantined messages into the inbox again, each once.

Here: how it is begun and shown. Not here: the replay (streaming/quarantine_replay.py).
"""

from pathlib import Path
from typing import Final

from pulsehouse import terminal
from pulsehouse.deployment import open_lake, settings
from pulsehouse.failure import OK
from streaming.quarantine import Wanted
from streaming.quarantine_process import replay_in
from streaming.quarantine_replay import COUNTS, Outcome

_WORDS: Final = {
    "waiting": "in the inbox already, and not in the tables yet",
    "understood": "replayed before, and understood",
    "again": "replayed before, and quarantined again as a new message",
    "not_whole": "not kept whole, so not to be replayed: have them sent again",
    "as_before": "replays that would fail as they did: mend their feed's profile first",
}


def run(
    feed: str | None, reason: str | None, place: Path | None, *, dry_run: bool, as_json: bool
) -> int:
    """Put messages into the inbox, or say which would be."""
    lake = open_lake(place)
    if not dry_run:
        # Only now for writing: a mistyped directory must not become an empty lake.
        lake = open_lake(place, create=True)
    outcome = replay_in(
        settings(), lake, Wanted(feed, reason), lambda _done, _of: None, dry=dry_run
    )
    if as_json:
        terminal.emit_json({"dry_run": dry_run, **outcome.to_json()})
    else:
        _show(outcome, dry_run=dry_run)
    return OK


def _show(outcome: Outcome, *, dry_run: bool) -> None:
    columns = ("feed", "stage", "reason", *COUNTS)
    rows = [
        [*group, *(counts[name] for name in COUNTS)]
        for group, counts in sorted(outcome.counts.items())
    ]
    terminal.show_table("In quarantine", [name.replace("_", " ") for name in columns], rows)
    put, clear = outcome.total("put"), outcome.total("clear")
    into = "to put into the inbox" if dry_run else "put into the inbox"
    terminal.write(f"{into}: {put:,}, of which the profiles understand {clear:,} now")
    for name, words in _WORDS.items():
        if count := outcome.total(name):
            terminal.note(f"{words}: {count:,}")
