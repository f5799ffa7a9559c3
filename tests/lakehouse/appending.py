"""A process that appends, for tests that kill it, race it or trace it.

Arguments: lake directory, number of messages, messages per commit. Appends observations and then
raw messages, from the first offset, as a replay does; prints a line per epoch.
"""

import sys
from pathlib import Path

from conftest import build_rows

from lakehouse.appends import append
from lakehouse.compaction import compact
from lakehouse.lake import Lake
from lakehouse.tables import OBSERVATIONS, RAW_MESSAGES


def main() -> None:
    root, messages, step = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    lake = Lake.open(root, create=True)
    for first in range(0, messages, step):
        last = min(first + step, messages) - 1
        for table in (OBSERVATIONS, RAW_MESSAGES):
            append(lake, table, "icu", 0, build_rows(table, range(first, last + 1)), last)
        if first % (20 * step) == 0:
            compact(lake, OBSERVATIONS)
        sys.stdout.write(f"{last}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
