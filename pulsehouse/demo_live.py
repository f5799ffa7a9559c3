"""`pulsehouse up --demo`: the demo kept live, all on loopback: its feed, and Dagster.

Here: what runs beside gateway, stream and desk, and what a person is told of it. Not here:
supervising (supervision.py), or the feed (demo_feed.py).
"""

import os
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from lakehouse.lake import MARKER
from lakehouse.settings import Settings
from pulsehouse import terminal
from pulsehouse.demo_feed import FEED, HOST, SPEED
from pulsehouse.deployment import speed_of
from pulsehouse.failure import USAGE, CommandError

LAKE: Final = Path("demo-live")
MLLP: Final = f"{FEED}=2575"
DAGSTER_PORT: Final = 3000
FEEDER, DAGSTER = "demo_feed", "dagster"


def lake_of(place: Path | None) -> Path:
    """Where the demo goes: a lake of its own, new, since its times are those of this hour.

    Raises:
        CommandError: There is a lake already.
    """
    root = place or LAKE
    if (root / MARKER).exists():
        msg = f"{root} holds a lake already; remove it, or name a new one: --lake DIR"
        raise CommandError(msg, USAGE)
    return root


def components(settings: Settings, root: Path, speed: str) -> dict[str, list[str]]:
    """The commands of what runs beside the usual, by name.

    Raises:
        CommandError: The speed is none, or no port takes the demo's feed.
    """
    port = settings.mllp.get(FEED)
    if port is None:
        msg = f"the demo sends the feed {FEED}: add --mllp {MLLP}, or leave --mllp out"
        raise CommandError(msg, USAGE)
    # As fast as possible would leave no evening to look at.
    pace = speed_of(speed) or SPEED
    feeder = [sys.executable, "-P", "-m", "pulsehouse.demo_feed"]
    found = {FEEDER: [*feeder, str(port), str(pace), str(time.time())]}
    if find_spec("dagster_webserver") is not None:
        found[DAGSTER] = _dagster(root)
    _greet(root, pace, has_dagster=DAGSTER in found)
    return found


def _dagster(root: Path) -> list[str]:
    home = root / "dagster"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Read by the components, which inherit them.
    os.environ.update(DAGSTER_HOME=str(home), DAGSTER_DISABLE_TELEMETRY="yes", DO_NOT_TRACK="1")
    os.environ["PULSEHOUSE_LAKE"] = str(root)
    where = ["-m", "orchestration.definitions", "-h", HOST, "-p", str(DAGSTER_PORT)]
    return [sys.executable, "-P", "-m", "dagster", "dev", *where]


def _greet(root: Path, pace: float, *, has_dagster: bool) -> None:
    """Tell what is special about it; the rest is told as always."""
    terminal.paragraph(
        f"A demo: a dozen real, de-identified patients, at {pace:g} times their pace, into {root}."
        " Their clock is squeezed onto this one, windows of scores and all. What came before the"
        " evening of the story is sent at once, so the first alerts are there in seconds."
    )
    if has_dagster:
        terminal.say(f"  Dagster, in half a minute: http://{HOST}:{DAGSTER_PORT}/")
    terminal.say(
        "  an account for the board, typed beside this:"
        f" pulsehouse desk user add me --role lead --unit MICU --lake {root}"
    )
