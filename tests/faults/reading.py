"""A reader beside the fault: it looks at the tables again and again, and must never see nonsense.

Run as a process: `python -m tests.faults.reading LAKE`; it ends on SIGTERM and prints what it saw
as JSON. Here: that no key is seen twice and no count goes down. Not here: what the end must be.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from lakehouse.catalogue import connect
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake

KEYS = {
    "raw_messages": 'feed, "partition", "offset"',
    "observations": 'feed, "partition", "offset", "row"',
    "scores": 'feed, "partition", "offset", "row"',
    "alerts": "alert_id",
}
READY = "looking"


def look(lake: Lake, before: dict[str, int]) -> list[str]:
    """Count every table once; gives what is wrong with it."""
    wrong = []
    with connect(lake) as connection:
        for name, key in KEYS.items():
            sql = f"select count(*), count(distinct ({key})) from {name}"
            rows, keys = connection.execute(sql).fetchone()
            if rows != keys:
                wrong.append(f"{name}: {rows} rows of {keys} keys")
            if rows < before.get(name, 0):
                wrong.append(f"{name}: {rows} rows after {before[name]}")
            before[name] = rows
    return wrong


def main(root: Path) -> None:
    """Look until told to stop."""
    asked = []

    def stop(_: int, __: FrameType | None) -> None:
        asked.append(True)

    signal.signal(signal.SIGTERM, stop)
    print(READY, flush=True)  # noqa: T201
    looks, wrong, before, parent = 0, [], {}, os.getppid()
    # It tries once at least, and does not outlive who started it, however that one ends.
    while True:
        try:
            wrong += look(Lake.open(root, create=False), before)
            looks += 1
        except LakehouseError:
            pass  # not made yet
        if asked or os.getppid() != parent:
            break
        time.sleep(0.15)
    print(json.dumps({"looks": looks, "wrong": wrong[:20], "rows": before}))  # noqa: T201


class Reader:
    """A reader as a process."""

    def __init__(self, lake: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.reading", str(lake)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def stop(self) -> dict[str, object]:
        """End it, once it has begun; gives what it saw.

        A short scenario is over before the reader has loaded its libraries: a signal then would
        end it with nothing told.
        """
        assert self._process.stdout.readline().strip() == READY
        self._process.terminate()
        told, _ = self._process.communicate(timeout=60)
        return dict(json.loads(told))

    def kill(self) -> None:
        """End it; what it saw does not matter any more."""
        self._process.kill()
        self._process.communicate()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
