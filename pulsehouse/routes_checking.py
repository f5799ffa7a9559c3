"""`pulsehouse routes check`: what is wrong or unwise in a routes file.

Here: how it is told. Not here: what is looked at (clinical/routing/checking.py and findings.py, and
streaming/desk/channels/opening.py for the options of receivers).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clinical.routing import Routes, RoutesError
from clinical.routing.findings import Finding, findings
from clinical.routing.routes import PASSIVE
from lakehouse.errors import SettingsError
from pulsehouse import terminal
from pulsehouse.failure import FOUND_PROBLEMS, OK
from pulsehouse.routes_file import opened
from streaming.desk.channels import opening


def run(file: Path | None, *, as_json: bool) -> int:
    """Look at a file and tell what was found."""
    try:
        routes, name = opened(file)
    except RoutesError as error:
        return _told(str(file), None, [Finding("problem", "", str(error))], as_json=as_json)
    now = datetime.now(UTC)
    return _told(name, routes, [*findings(routes, now), *_channels(routes)], as_json=as_json)


def _channels(routes: Routes) -> Iterator[Finding]:
    """Receivers that could not be opened here: an option, or a secret that is not there."""
    for receiver in routes.receivers.values():
        if receiver.kind in PASSIVE:
            continue
        try:
            opening.opened(receiver, lambda: datetime.now(UTC))
        except SettingsError as error:
            yield Finding("problem", f"receivers.{receiver.name}", str(error))


def _told(name: str, routes: Routes | None, found: list[Finding], *, as_json: bool) -> int:
    problems = [one for one in found if one.level == "problem"]
    if as_json:
        terminal.emit_json(_json(name, routes, found))
    else:
        _show(name, routes, found)
    return FOUND_PROBLEMS if problems else OK


def _json(name: str, routes: Routes | None, found: list[Finding]) -> dict[str, Any]:
    told = [{"level": one.level, "place": one.place, "told": one.told} for one in found]
    return {"file": name, "is_usable": routes is not None, "findings": told}


def _show(name: str, routes: Routes | None, found: list[Finding]) -> None:
    for one in sorted(found, key=lambda one: one.level != "problem"):
        place = f"{one.place}: " if one.place else ""
        terminal.write(f"{one.level}: {place}{one.told}")
    if routes is None:
        return
    held = (
        f"{len(routes.receivers)} receivers, {len(routes.people)} people,"
        f" {len(routes.schedules)} schedules, {len(routes.chains)} chains"
    )
    terminal.note(f"{name} can be used: {held}")
