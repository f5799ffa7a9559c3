"""A process that holds a lake's dataflow lock until it is killed. Argument: the lake directory."""

import sys
import time
from pathlib import Path

from lakehouse.lake import Lake
from lakehouse.lock import exclusive

if __name__ == "__main__":
    with exclusive(Lake.open(Path(sys.argv[1]), create=True)) as held:
        sys.stdout.write(f"{held.fence}\n")
        sys.stdout.flush()
        time.sleep(60)
