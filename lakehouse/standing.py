"""What a commit of `raw_messages` stands on: the version that each other table had reached.

Here: how the log says it, and reading it there. With it a damaged table tells how far the cut has
to go back. Not here: writing it (writers.py), or going back (doctor/).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lakehouse import delta_log

STANDS_ON: Final = "stands_on"


def told(versions: Mapping[str, int]) -> dict[str, str]:
    """The versions as a commit's own metadata."""
    return {STANDS_ON: json.dumps(versions, separators=(",", ":"))}


def stands_on(raw_messages: Path, version: int) -> Mapping[str, int] | None:
    """The versions that a commit stands on; None where it does not say, as those of old do not.

    Raises:
        ValueError: The commit is torn.
    """
    said = next(delta_log.actions(raw_messages, version, "commitInfo"), {}).get(STANDS_ON)
    return None if said is None else {name: int(at) for name, at in json.loads(said).items()}
