"""`pulsehouse bench`: speed, latency and memory on this machine.

Here: running the cases one after the other, and showing them beside what they are held to.
Not here: the cases (benchmarks/, which stands in the repository and is not installed with a wheel).
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from pulsehouse import terminal
from pulsehouse.bars import bar
from pulsehouse.failure import OK, CommandError

# Messages and runs of each case; full ones take some minutes on two cores.
FULL: Mapping[str, tuple[int, int]] = {
    "decode": (50_000, 5),
    "mixed": (24_000, 5),
    "ndjson": (24_000, 5),
    "engine": (108_000, 3),
    "end_to_end": (100_000, 3),
    "latency": (60_000, 1),
    "gateway": (100_000, 1),
}
QUICK: Mapping[str, tuple[int, int]] = {
    "decode": (16_000, 3),
    "mixed": (8_000, 3),
    "ndjson": (8_000, 3),
    "engine": (36_000, 2),
    "end_to_end": (60_000, 2),
    "latency": (8_000, 1),
    "gateway": (15_000, 1),
}
# Below it, a decimal is worth showing.
CLOSE = 1_000
# What the design asks for on two cores.
HELD_TO: Mapping[str, str] = {
    "decode_observations_per_second": "at least 500,000",
    "mixed_observations_per_second": "at least 800,000 per core",
    "batch_of_1000_extra_ms": "below 10",
    "fhir_observations_per_second": "at least 250,000 per core",
    "engine_observations_per_second": "at least 1,000,000 per core",
    "end_to_end_observations_per_second": "at least 100,000",
    "peak_memory_mib": "below 1,024",
    "alert_latency_p99_ms": "below 250, at 1,000 messages/s",
    "gateway_messages_per_second": "at least 5,000",
    "gateway_ack_p99_ms": "below 50, at 5,000 messages/s",
}


def run(*, quick: bool, as_json: bool) -> int:
    """Measure and show."""
    if find_spec("benchmarks") is None:
        msg = "the benchmarks are not installed here; run `pulsehouse bench` in a clone"
        raise CommandError(msg)
    measured = _measured(QUICK if quick else FULL)
    found = {**measured, "quick": quick, "machine": machine()}
    if as_json:
        terminal.emit_json(found)
    else:
        _show(measured)
    return OK


def machine() -> dict[str, Any]:
    """The machine that was measured."""
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def _measured(sizes: Mapping[str, tuple[int, int]]) -> dict[str, float]:
    measured: dict[str, float] = {}
    with bar(terminal.err()) as progress:
        task = progress.add_task("measuring", total=len(sizes), words="")
        for name, (size, runs) in sizes.items():
            progress.update(task, words=f"{name.replace('_', ' ')}: {size:,} messages, {runs}x")
            measured |= _case(name, size, runs)
            progress.advance(task)
    return measured


def _case(name: str, size: int, runs: int) -> dict[str, float]:
    done = subprocess.run(  # noqa: S603 our own module, our own arguments
        [sys.executable, "-m", "benchmarks.cases", name, str(size), str(runs)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        msg = (
            f"the case {name} failed; see why with: python -m benchmarks.cases {name} {size} {runs}"
        )
        raise CommandError(msg)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _show(measured: Mapping[str, float]) -> None:
    rows = [
        (
            name.replace("_", " "),
            round(value, 1) if value < CLOSE else round(value),
            HELD_TO.get(name),
        )
        for name, value in measured.items()
    ]
    terminal.show_table("Measured", ("what", "value", "asked for on two cores"), rows)
    terminal.note(", ".join(f"{name} {value}" for name, value in machine().items()))
