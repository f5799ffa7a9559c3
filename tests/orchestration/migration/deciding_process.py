"""A process that decides, for tests that race it or kill it.

Arguments: lake directory, `promote` or `toggle`, and a file to wait for. `promote` promotes the
census once; `toggle` holds and resumes it for ever. Each prints what came of it.
"""

import sys
import time
from pathlib import Path

from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from orchestration.migration.deciding import hold, promote, resume
from tests.orchestration.migration.evidence import settings_of


def main() -> None:
    root, what, gun = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    lake, ours = Lake.open(root, create=True), settings_of(root)
    tell("ready")
    while not gun.exists():
        time.sleep(0.002)
    while what == "toggle":
        for decide in (hold, resume):
            tell(decide(lake, ours, "census", "process", "test").number)
    try:
        tell(promote(lake, ours, "census", "process", "test").number)
    except LakehouseError as error:
        tell(type(error).__name__)


def tell(said: object) -> None:
    sys.stdout.write(f"{said}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
