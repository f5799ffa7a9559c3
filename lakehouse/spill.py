"""Where engines put rows that do not fit into memory.

Here: one folder per process that only its user can read, and taking it away. Left to itself an
engine spills into the directory that the process was started in, and the rows may be of patients.
Not here: engines (catalogue.py).
"""

import atexit
import shutil
from functools import cache
from tempfile import mkdtemp


@cache
def folder() -> str:
    """The folder of this process; made by whoever asks first, gone with the process."""
    made = mkdtemp(prefix="pulsehouse-")
    atexit.register(remove)
    return made


def remove() -> None:
    """Take the folder away, for a process that leaves without its exit functions."""
    if folder.cache_info().currsize:
        shutil.rmtree(folder(), ignore_errors=True)
        folder.cache_clear()
