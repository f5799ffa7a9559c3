"""The routes that were named, else those of this deployment.

Here: from what was typed to routes, a moment, a duration. Not here: what they mean
(clinical/routing).
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from clinical.routing import Routes
from clinical.routing.words import duration, moment
from pulsehouse.deployment import settings
from pulsehouse.failure import USAGE, CommandError
from streaming.desk.routing import PLAIN, routes_of


def opened(file: Path | None) -> tuple[Routes, str]:
    """The routes, and what they are called.

    Raises:
        SettingsError: The file cannot be read.
        RoutesError: It cannot be used; the message names the line.
    """
    known = settings()
    if file is not None:
        known = known.model_copy(update={"desk_routes": file})
    named = known.desk_routes or PLAIN
    return routes_of(known), "the plain routes" if named == PLAIN else str(named)


def at_of(text: str | None, routes: Routes) -> datetime:
    """A moment that was typed, by the clock of the routes; now where none was.

    Raises:
        CommandError: It is none.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        at = moment(text)
    except ValueError as error:
        msg = f"--at {text!r} cannot be read: {error}"
        raise CommandError(msg, USAGE) from None
    return (at if at.tzinfo else at.replace(tzinfo=routes.zone)).astimezone(UTC)


def duration_of(option: str, text: str) -> timedelta:
    """A duration that was typed.

    Raises:
        CommandError: It is none, or takes no time.
    """
    try:
        found = duration(text)
    except ValueError as error:
        msg = f"{option} {text!r} cannot be read: {error}"
        raise CommandError(msg, USAGE) from None
    if not found:
        msg = f"{option} must take some time; write 1s for at once"
        raise CommandError(msg, USAGE)
    return found
