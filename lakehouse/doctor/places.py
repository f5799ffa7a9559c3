"""Where a lake's tables lie, whatever state they are in.

Here: every directory with a Delta log, by the table's name. Not here: what is in them (logs.py).
"""

from pathlib import Path
from typing import Final

from lakehouse.batch import BATCH_TABLES
from lakehouse.batch_reading import MARTS
from lakehouse.delta_log import LOG
from lakehouse.tables import TABLES

QUARANTINE: Final = "_quarantine"


def stored_tables(root: Path) -> dict[str, Path]:
    """Every table that has a log, by name: a batch table as `zone.name`, a mart as `marts.name`.

    The contracts are not asked whether a log can be opened, since that is what is to be found out.
    """
    known = {name: root / name for name in TABLES}
    known |= {f"{t.zone}.{t.name}": root / t.zone / t.name for t in BATCH_TABLES.values()}
    if (root / MARTS).is_dir():
        known |= {f"{MARTS}.{path.name}": path for path in sorted((root / MARTS).iterdir())}
    return {name: path for name, path in known.items() if (path / LOG).is_dir()}
