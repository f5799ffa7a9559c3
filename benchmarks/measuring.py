"""One run, measured: seconds on the wall, seconds of the processor, and what memory it took.

Here: the watch, the shape of a run, quantiles, and the peak of memory. Not here: what is measured
(cases.py), or medians over runs (pulsehouse/bench).
"""

import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
from numpy.typing import NDArray

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_PEAK = "VmHWM:"
# What the kernel takes to begin a peak anew.
_NEW_PEAK = "5"


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took, and the figures it gave."""

    seconds: float
    cpu_seconds: float
    figures: Mapping[str, float]


# A case makes ready, then gives one run after the other; the first warms up and is not counted.
Measure = Callable[[int, "Place"], Iterator[Run]]


@dataclass(frozen=True, slots=True)
class Place:
    """Directories of a case: its own, and one where cases leave input for one another."""

    own: Path
    shared: Path


class Watch:
    """Counts what runs within it; may be entered many times."""

    def __init__(self) -> None:
        self.seconds = self.cpu_seconds = 0.0

    def __enter__(self) -> "Watch":
        """Begin, or go on."""
        self._began = perf_counter(), process_time()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.seconds += perf_counter() - self._began[0]
        self.cpu_seconds += process_time() - self._began[1]

    def run(self, **figures: float) -> Run:
        """What was counted, with figures."""
        return Run(self.seconds, self.cpu_seconds, figures)


def quantile_ms(seconds: Sequence[float] | NDArray[np.float64], share: float) -> float:
    """A quantile of waits, in milliseconds."""
    return float(np.quantile(np.asarray(seconds), share) * 1_000)


def peak_mib() -> float:
    """The most memory this process held since it began, or since `begin_peak`."""
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(_PEAK))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def begin_peak() -> None:
    """Count the peak from now on, where the system can."""
    if _RESET.exists():
        _RESET.write_text(_NEW_PEAK)
