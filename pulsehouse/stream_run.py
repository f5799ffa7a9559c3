"""`pulsehouse stream`: the live dataflow, until a signal ends it.

Here: from what was typed to the run. Not here: the run (streaming/live/running.py).
"""

from pathlib import Path
from typing import TextIO, cast

from pulsehouse import terminal
from pulsehouse.deployment import open_lake, settings
from streaming.live.running import run as run_stream
from streaming.logs import configure


def run(place: Path | None, processes: int) -> int:
    """Stream into the lake that was named, else that of the settings."""
    # The engine's own stderr is closed to all but ours: its traces may quote a row.
    way = cast("TextIO", terminal.err().file)
    configure("stream", way)
    return run_stream(settings(), open_lake(place, create=True), processes, way)
