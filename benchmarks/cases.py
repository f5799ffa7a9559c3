"""One case, in a process of its own, so that its memory is its own.

Here: `python -m benchmarks.cases CASE SIZE RUNS [SHARED]`, which prints the runs as JSON. Not here:
which cases there are (catalogue.py), or what is made of the runs (pulsehouse/bench).
"""

import json
import sys
import tempfile
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import baseline
from benchmarks.case import Case
from benchmarks.catalogue import BY_NAME
from benchmarks.measuring import Measure, Place, begin_peak, peak_mib
from streaming.allocation import keep_freed_memory


def measured(case: Case, size: int, runs: int, place: Place) -> dict[str, Any]:
    """Every run of a case, each with the baseline measured just before it."""
    measure: Measure = case.measure()
    told: list[dict[str, Any]] = []
    with closing(measure(size, place)) as running:  # type: ignore[type-var]
        # Once unmeasured: imports and first allocations are no part of a rate.
        next(running)
        begin_peak()
        for _ in range(runs):
            usual = baseline.run()
            told.append({**asdict(next(running)), "baseline": asdict(usual)})
    return {"name": case.name, "size": size, "runs": told, "peak_memory_mib": peak_mib()}


def main(words: list[str]) -> None:
    """Run the case that was named."""
    keep_freed_memory()  # as the dataflow does
    name, size, runs = words[0], int(words[1]), int(words[2])
    with tempfile.TemporaryDirectory(prefix="pulsehouse-bench-") as folder:
        own = Path(folder)
        place = Place(own, Path(words[3]) if words[3:] else own)
        sys.stdout.write(json.dumps(measured(BY_NAME[name], size, runs, place)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
