"""The routes of this deployment: those of the settings, else the plain ones that come with it.

Here: reading the file. Not here: what it means (clinical/routing), or how it is written
(plain_routes.yaml says it, option by option).
"""

import os
from pathlib import Path
from typing import Final

from clinical.routing import Routes, RoutesError, parse
from lakehouse.errors import SettingsError
from lakehouse.settings import Settings

PLAIN: Final = Path(__file__).with_name("plain_routes.yaml")


def routes_of(settings: Settings) -> Routes:
    """The routes that the desk works by.

    Raises:
        SettingsError: The file cannot be read.
        RoutesError: It cannot be what it says; the message names file, line and how to mend it.
    """
    file = settings.desk_routes or PLAIN
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else "it is no UTF-8"
        msg = f"cannot read the routes in {file}: {reason}; check the setting `desk_routes`"
        raise SettingsError(msg) from None
    try:
        return parse(text)
    except RoutesError as error:
        msg = f"{file}: {error}"
        raise RoutesError(msg) from None
