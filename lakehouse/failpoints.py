"""Failpoints: named places at which a test may kill the process.

Here: the names, and dying at one of them when `PULSEHOUSE_FAILPOINT=name:n:file` says so: the n-th
time it is reached, having said so in the file. Not here: what is tested with them (tests/faults).
Without the variable a failpoint costs one comparison.
"""

import os
import signal
from pathlib import Path
from typing import Final

VARIABLE: Final = "PULSEHOUSE_FAILPOINT"

# In the order in which a message passes them.
FAILPOINTS: Final = (
    "gateway.read",  # a whole frame was read, nothing is stored
    "journal.written",  # rows are written, not committed
    "journal.synced",  # committed and on the disk, nobody told
    "gateway.before_ack",
    "gateway.after_ack",
    "stream.read",  # read from the inbox
    "stream.epoch_closed",  # handed to the writer
    "lake.before_commit",  # before a table's append
    "lake.committed",  # in the Delta log, not forced onto the disk
    "lake.synced",  # a table's append is on the disk
    "lake.cut_moved",  # raw_messages has passed: the epoch is done
    "journal.before_trim",
    "journal.trimmed",
    "quarantine.before_put",  # a replay out of quarantine, before it enters the inbox
)


def _wanted() -> tuple[str, int, str]:
    name, _, rest = os.environ.get(VARIABLE, "").partition(":")
    count, _, file = rest.partition(":")
    if name and name not in FAILPOINTS:
        msg = f"no failpoint {name!r}; known are {', '.join(FAILPOINTS)}"
        raise ValueError(msg)
    return name, int(count or 1), file or os.devnull


_NAME, _COUNT, _FILE = _wanted()
_seen = 0


def reach(name: str) -> None:
    """Pass a failpoint, or die there as by `kill -9`, having named it."""
    if name == _NAME:
        _pass_or_die(name)


def _pass_or_die(name: str) -> None:
    global _seen  # noqa: PLW0603 the count of this process
    _seen += 1
    if _seen == _COUNT:
        with Path(_FILE).open("a", encoding="utf-8") as file:
            file.write(f"{name}:{_COUNT}\n")
        os.kill(os.getpid(), signal.SIGKILL)
