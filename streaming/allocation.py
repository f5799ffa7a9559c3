"""Memory between batches: kept, since the next batch needs as much again.

Here: how the C allocator is asked to do so. Not here: how much a batch needs.

A batch's arrays are larger than what glibc gives back to the system when freed, so that every batch
would fault all its pages in anew: measured at 10-15 % of the dataflow's time.
"""

import ctypes

# Parameters of mallopt(3).
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_KEPT_BYTES = 1 << 30
_AHEAD_BYTES = 64 << 20


def keep_freed_memory() -> None:
    """Ask the allocator to keep freed memory for reuse; without glibc this does nothing."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    for parameter, value in (
        (_MMAP_THRESHOLD, _KEPT_BYTES),
        (_TRIM_THRESHOLD, _KEPT_BYTES),
        (_TOP_PAD, _AHEAD_BYTES),
    ):
        mallopt(parameter, value)
