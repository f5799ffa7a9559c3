"""`pulsehouse import bulk`: a FHIR Bulk Data export into the inbox.

Here: the run with its progress, its summary and its exit code. Not here: the import itself
(streaming/gateway/bulk.py).
"""

import time
from contextlib import closing
from pathlib import Path
from typing import Final

from clinical.wire.profile import FeedProfile
from lakehouse.errors import LakehouseError
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from lakehouse.lock import attempt
from pulsehouse import terminal
from pulsehouse.deployment import open_lake, settings
from pulsehouse.failure import FAILED, FOUND_PROBLEMS, INTERRUPTED, OK, USAGE, CommandError
from pulsehouse.watching import Board, board
from streaming.gateway.bulk import Imported, export_files, import_files
from streaming.gateway.drop_taking import Taking
from streaming.inbox.arrival import InboxFullError
from streaming.inbox.opening import open_inbox

AGAIN: Final = "interrupted; what was stored stays: the same command again goes on where it stopped"
WAITING: Final = (
    "the inbox is full: waiting until `pulsehouse stream` has made room"
    " (Ctrl-C ends; the same command again goes on where it stopped)"
)
LOCK: Final = "import.lock"
PAUSE_SECONDS: Final = 1.0


def run(folder: Path, feed: str, place: Path | None, *, as_json: bool) -> int:
    """Import a folder and tell what it added."""
    profile = load_profile(feed, settings().feeds)
    if profile.format != "fhir":
        msg = f"feed {feed!r} is not FHIR; name a FHIR feed such as fhir_r4"
        raise CommandError(msg, USAGE)
    files = export_files(folder)
    try:
        with board(terminal.err(), None) as shown:
            imported = _imported(files, profile, open_lake(place, create=True), shown)
    except KeyboardInterrupt:
        terminal.say(AGAIN)
        return INTERRUPTED
    _show(imported, feed, as_json=as_json)
    return _warned(imported)


def _imported(files: list[Path], profile: FeedProfile, lake: Lake, shown: Board) -> Imported:
    def told(path: Path, done: int, of: int) -> None:
        number = files.index(path) + 1
        words = f"{done:,} of {of:,} messages  file {number} of {len(files)}"
        shown.screen.step(path.name, done / of, words)

    with attempt(lake.root / LOCK) as is_mine:
        if not is_mine:
            msg = f"another import into the lake at {lake.root} is running; wait until it ends"
            raise CommandError(msg, FAILED)
        with closing(open_inbox(settings(), lake)) as inbox:
            return import_files(files, Taking(profile, inbox, "bulk", _Waiting().wait), told)


class _Waiting:
    """A full inbox is waited for, and told of once; one that is down ends the command."""

    def __init__(self) -> None:
        self._is_told = False

    def wait(self, error: LakehouseError) -> None:
        if not isinstance(error, InboxFullError):
            raise error
        if not self._is_told:
            terminal.say(WAITING)
        self._is_told = True
        time.sleep(PAUSE_SECONDS)


def _show(imported: Imported, feed: str, *, as_json: bool) -> None:
    if as_json:
        terminal.emit_json({"feed": feed, **imported.to_json()})
        return
    terminal.show_table(
        "Imported", ("", "count"), [(name, count) for name, count in _counts(imported)]
    )
    if imported.quarantined:
        terminal.say("note: `pulsehouse quarantine list` will say why messages are quarantined")


def _counts(imported: Imported) -> list[tuple[str, int]]:
    return [
        ("files", imported.files),
        ("files that were there already", imported.files_again),
        ("messages added", imported.added),
        ("of these quarantined", imported.quarantined),
        ("messages in all files", imported.messages),
    ]


def _warned(imported: Imported) -> int:
    for name, why in imported.broken.items():
        terminal.say(f"warning: {name}: {why}; get the whole file and import it too")
    return FOUND_PROBLEMS if imported.broken else OK
