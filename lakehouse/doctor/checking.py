"""Looking at a whole lake, and changing nothing.

Here: every finding about a lake's own files, beside whoever writes to it. Not here: mending
(repairing.py), or the inbox.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from lakehouse.doctor.findings import Finding
from lakehouse.doctor.judging import judged
from lakehouse.doctor.logs import Log, look
from lakehouse.doctor.marker import marker_findings
from lakehouse.doctor.places import stored_tables
from lakehouse.doctor.planning import stood_on
from lakehouse.doctor.surroundings import Surroundings, surroundings
from lakehouse.tables import RAW_MESSAGES

# How long a commit that is being made may take to be seen whole.
_AGAIN_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at a lake came to; `tables` are the versions at which each can be read."""

    findings: tuple[Finding, ...]
    tables: Mapping[str, int]
    surroundings: Surroundings


def check(root: Path, now: datetime) -> Checked:
    """Look at a lake; works on a read-only mount and beside a running stream.

    Raises:
        LakeNotFoundError: There is none.
    """
    place = root.absolute()
    found = marker_findings(place)
    logs, wrong = _tables(place)
    if wrong:
        # Whoever writes may have been between two files: damage is what is still there.
        time.sleep(_AGAIN_SECONDS)
        logs, again = _tables(place)
        wrong = [finding for finding in again if finding in wrong]
    facts, around = surroundings(place, logs, now)
    readable = {name: log.readable() for name, log in logs.items()}
    return Checked((*found, *wrong, *around), readable, facts)


def _tables(root: Path) -> tuple[dict[str, Log], list[Finding]]:
    paths = stored_tables(root)
    # First: what it stands on was there before, and must be found by the looks that follow.
    raw = look(RAW_MESSAGES.name, root / RAW_MESSAGES.name)
    needed = stood_on(raw)
    logs = {name: raw if name == raw.name else look(name, path) for name, path in paths.items()}
    missing = {name: look(name, root / name) for name in needed if name not in logs}
    found = [
        finding
        for name, log in (logs | missing).items()
        for finding in judged(log, needed.get(name, -1))
    ]
    return logs, found
