"""`pulsehouse gateway`: take messages in, until a signal ends it.

Here: from what was typed, over the settings, to the run. Not here: the run
(streaming/gateway/running.py).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO, cast

from pulsehouse import terminal
from pulsehouse.deployment import open_lake
from pulsehouse.deployment import settings as load_settings
from pulsehouse.failure import USAGE, CommandError
from pulsehouse.gateway_settings import merged
from streaming.gateway.running import serve
from streaming.logs import configure


def run(
    place: Path | None,
    mllp: Sequence[str],
    http: Sequence[str],
    *,
    drop: Path | None,
    host: str | None,
) -> int:
    """Serve what was named, else what the settings name."""
    settings = merged(load_settings(), mllp, http, drop=drop, host=host)
    if not (settings.mllp or settings.http or settings.drop):
        msg = (
            "nothing to listen on: give --mllp FEED=PORT, --http FEED=PORT or --drop DIR, or the"
            " settings `mllp`, `http` or `drop`"
        )
        raise CommandError(msg, USAGE)
    configure("gateway", cast("TextIO", terminal.err().file))
    return serve(settings, open_lake(place, create=True))
