"""Memory between batches: kept, since the next batch needs as much again.

Here: how the C allocator is asked to do so, and Python's collector to leave alone what lasts. Not
here: how much a batch needs.

A batch's arrays are larger than what glibc gives back to the system when freed, so that every batch
would fault all its pages in anew: measured at 10-15 % of the dataflow's time.
"""

import ctypes
import gc

# Parameters of mallopt(3).
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_KEPT_BYTES = 1 << 30
_AHEAD_BYTES = 64 << 20
# A batch makes thousands of short-lived objects: looked at every 700, Python's own number, they
# cost 8 % of reading a batch of FHIR Patients. More make each look longer: 10,000 take about 1 ms.
_YOUNG_OBJECTS = 10_000


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


def leave_alone_what_lasts() -> None:
    """Have the garbage collector never look again at what is loaded now.

    A full collection looks at every object there is: with the libraries of a live process, 120,000
    of them, it held everything up for 90 ms, and afterwards takes as good as nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)
