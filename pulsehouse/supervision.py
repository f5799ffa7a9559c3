"""`pulsehouse up`: gateway, stream and alert desk side by side, with one log.

Here: their commands, and what a person is told at the start and at the end. Not here: supervising
(supervising.py), or the log and the alarms (up_log.py).
"""

import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from lakehouse.lock import attempt
from lakehouse.settings import Settings
from pulsehouse import demo_live, terminal
from pulsehouse.deployment import settings as load_settings
from pulsehouse.failure import FAILED, NEEDS_RECOVERY, OK, CommandError
from pulsehouse.gateway_settings import merged
from pulsehouse.supervising import REPAIR, Plan, Supervisor
from pulsehouse.up_log import UpLog

LOCK: Final = "up.lock"


def run(
    place: Path | None,
    mllp: Sequence[str],
    http: Sequence[str],
    *,
    drop: Path | None,
    host: str | None,
    processes: int,
    desk: bool = True,
    demo: str | None = None,
) -> int:
    """Supervise until a signal ends it; `demo` is the speed of the demo's feed."""
    if demo is not None:
        place, mllp = demo_live.lake_of(place), mllp or [demo_live.MLLP]
    settings = merged(load_settings(), mllp, http, drop=drop, host=host)
    root = (place or settings.lake).absolute()
    gateway = [*_each("--mllp", mllp), *_each("--http", http)]
    gateway += [*_each("--drop", [drop] if drop else []), *_each("--host", [host] if host else [])]
    components = {
        "gateway": _command("gateway", root, *gateway),
        "stream": _command("stream", root, f"--processes={processes}"),
    }
    if desk:
        components["desk"] = _command("desk", root)
    beside = {} if demo is None else demo_live.components(settings, root, demo)
    _greet(settings, desk=desk)
    # Messages are taken in and alerts raised also where the desk cannot be, such as by its routes.
    optional = frozenset({"desk", *beside})
    # Who sends stops first.
    components = {**beside, **components}
    plan = Plan(components, _command(REPAIR, root, "--repair"), optional=optional)
    return supervised(plan, root)


def supervised(plan: Plan, root: Path) -> int:
    """Run a plan over a lake; the exit code.

    Raises:
        CommandError: The lake has a supervisor, or something that no restart can mend.
    """
    _made(root)
    with attempt(root / LOCK) as is_mine:
        if not is_mine:
            msg = f"another `pulsehouse up` runs over the lake at {root}: stop that one first"
            raise CommandError(msg)
        told = UpLog(root)
        with closing(told):
            code = Supervisor(plan, told).run()
    if code not in {OK, FAILED}:
        raise CommandError(_why(code, told, plan), code)
    return code


def _made(root: Path) -> None:
    os.umask(0o077)
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        (root / LOCK).touch(mode=0o600)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        msg = f"cannot write to the lake directory {root}: {reason}; name another directory"
        raise CommandError(msg) from error


def _why(code: int, told: UpLog, plan: Plan) -> str:
    said = told.last_error or "a component cannot run; the log says why"
    if code != NEEDS_RECOVERY:
        return said
    command = shlex.join(["pulsehouse", *plan.repair[plan.repair.index(REPAIR) :]])
    return f"{said}; the repair did not mend it: run `{command}` and see what it says"


def _command(word: str, root: Path, *options: str) -> list[str]:
    # Not from the directory that this is run in: a folder there may have the name of a package.
    return [sys.executable, "-P", "-m", "pulsehouse", word, f"--lake={root}", *options]


def _each(option: str, values: Sequence[object]) -> list[str]:
    return [f"{option}={value}" for value in values]


def _greet(settings: Settings, *, desk: bool) -> None:
    """Tell a person where to send, where to look and how to stop; a log is not told."""
    if not terminal.err().is_terminal:
        return
    way = "" if settings.tls_certificate is None else ", TLS"
    for feed, port in settings.mllp.items():
        terminal.say(f"  {feed}: HL7 v2 by MLLP to {settings.host}:{port}{way}")
    for feed, port in settings.http.items():
        scheme = "https" if settings.tls_certificate else "http"
        terminal.say(f"  {feed}: FHIR R4 to {scheme}://{settings.host}:{port}/")
    if settings.drop is not None:
        terminal.say(f"  files: into {settings.drop}/<feed>/")
    admin = {"gateway": settings.gateway_admin, "stream": settings.stream_admin}
    if desk:
        admin["desk"] = settings.desk_admin
        terminal.say(f"  alert desk: {_desk_address(settings)}/")
    for name, port in admin.items():
        terminal.say(f"  {name}: http://127.0.0.1:{port}/metrics and /ready")
    terminal.say("  Ctrl-C stops it; what was acknowledged is safe.\n")


def _desk_address(settings: Settings) -> str:
    scheme = "http" if settings.desk_certificate is None else "https"
    return settings.desk_url or f"{scheme}://{settings.desk_host}:{settings.desk_port}"
