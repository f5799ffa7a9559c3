"""`pulsehouse desk`: tell people of alerts, until a signal ends it.

Here: from what was typed to the run, and what a person is told at its start. Not here: the run
(streaming/desk/running.py).
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, cast

from pydantic import SecretStr

from lakehouse.lake import Lake
from lakehouse.settings import Settings
from pulsehouse import terminal
from pulsehouse.deployment import open_lake
from pulsehouse.deployment import settings as load_settings
from pulsehouse.desk_accounts import first_link
from pulsehouse.failure import USAGE, CommandError
from streaming.desk.clock import Anchored
from streaming.desk.desk import Desk, open_desk
from streaming.desk.running import Deployment, Role
from streaming.desk.running import run as run_desk
from streaming.desk.sending import link
from streaming.logs import configure

REHEARSAL = Path("desk") / "rehearsal.sqlite"


def run(place: Path | None, role: Role, workers: int, *, at: datetime | None, send: bool) -> int:
    """Run the desk over the lake that was named, else that of the settings."""
    if send and at is None:
        msg = "--send is for a rehearsal: without --at everything is sent anyway"
        raise CommandError(msg, USAGE)
    if at is not None and role != "all":
        msg = "a rehearsal runs in one process: leave --role out"
        raise CommandError(msg, USAGE)
    configure("desk", cast("TextIO", terminal.err().file))
    own, lake = load_settings(), open_lake(place, create=True)
    desk = _live(own, lake, role) if at is None else _rehearsal(own, lake, at)
    try:
        deployment = Deployment(desk, role, workers, sends=at is None or send)
        return run_desk(deployment, lambda: _greet(desk))
    finally:
        desk.close()


def _live(own: Settings, lake: Lake, role: Role) -> Desk:
    return open_desk(own, lake, leads=role == "all")


def _rehearsal(own: Settings, lake: Lake, at: datetime) -> Desk:
    """A desk with a store of its own, made anew: what is rehearsed never mixes with what is real.

    Accounts are made anew with it: a rehearsal is for who sits at the machine.
    """
    file = lake.root / REHEARSAL
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    url = SecretStr(f"sqlite:///{file}")
    clock = Anchored.rehearsal(at.replace(tzinfo=UTC))
    return open_desk(own.model_copy(update={"desk_database": url}), lake, clock)


def _greet(desk: Desk) -> None:
    """Tell a person where the pages are, and how the first account is made.

    A log is not told the way to an account: it may be kept, and read by others.
    """
    if not terminal.err().is_terminal:
        return
    if desk.clock.rehearses:
        terminal.say(f"  REHEARSAL from {desk.clock.now():%Y-%m-%d %H:%M}Z: nothing is real")
    terminal.say(f"  desk: {link(desk.settings)}/")
    first = first_link(desk.engine, desk.settings, datetime.now(UTC))
    if first is not None:
        terminal.say(f"  no account yet: make the first one, on this machine, at {first}")
