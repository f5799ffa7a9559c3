"""One peer measured: its process started, its memory watched, its result checked.

Here: from a peer to one line of the result. Not here: what is measured inside (runs.py), or which
result is right (checking.py gives the words).
"""

import os
import re
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from benchmarks.peers import environments
from benchmarks.peers.processes import resident_bytes, tree
from benchmarks.peers.runs import RESULT
from benchmarks.peers.tools import Peer

ROOT = environments.ROOT
LONGEST_SECONDS = 900
_LOOK_SECONDS = 0.05
_NAMES_AN_ERROR = re.compile(r"(\w+\.)*\w*Error: ")
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """One job: its input, how many rows that has, and what is wrong with a run's result."""

    name: str
    source: Path
    rows: int
    wrong: Callable[[Path], str | None]
    runs: int = 3


def measured(peer: Peer, job: Job, place: Path) -> Line:
    """A peer's line: its rate if its result is equal, else why there is none."""
    line: Line = {
        "peer": peer.module,
        "label": peer.label,
        "kind": peer.kind,
        "lacks": peer.lacks,
        "rows": job.rows,
    }
    try:
        interpreter = environments.python(peer.environment)
    except environments.NotInstalledError as error:
        return line | {"equal": False, "reason": f"not installed here: {error}"}
    place.mkdir(parents=True)
    peak, reason = _run(interpreter, peer, job, place)
    reason = reason or _wrong(job, place)
    if reason:
        return line | {"equal": False, "reason": reason}
    return line | {"equal": True} | _figures(job, place, peak)


def _run(interpreter: Path, peer: Peer, job: Job, place: Path) -> tuple[int, str | None]:
    """Peak memory in bytes, and why it failed."""
    words = ["-m", "benchmarks.peers.runs", job.name, peer.module, str(job.source), str(place)]
    paths = {"PYTHONPATH": str(ROOT), "TMPDIR": str(place), "HOME": str(_home())}
    with (place / "log.txt").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 our own module, our own arguments
            [interpreter, *words, str(job.runs)],
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=os.environ | paths,
        )
        peak = _watched(process)
    if peak is None:
        return 0, f"did not end within {LONGEST_SECONDS} s"
    if process.returncode:
        return peak, f"failed: {_last_line(place / 'log.txt')}"
    return peak, None


def _home() -> Path:
    """Jars that a peer fetches are kept beside its environment."""
    home = ROOT / ".peers" / "home"
    home.mkdir(parents=True, exist_ok=True)
    return home


def _watched(process: subprocess.Popen[bytes]) -> int | None:
    """The most memory that a process and its children held together."""
    peak, ends = 0, time.monotonic() + LONGEST_SECONDS
    while process.poll() is None:
        peak = max(peak, sum(map(resident_bytes, tree(process.pid))))
        if time.monotonic() > ends:
            process.kill()
            process.wait()
            return None
        time.sleep(_LOOK_SECONDS)
    return peak


def _last_line(log: Path) -> str:
    """The last line that names an error, else the very last: engines end with their own stack."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    named = [line for line in lines if _NAMES_AN_ERROR.match(line)]
    return (named or lines or ["no reason given"])[-1].strip()[:200]


def _wrong(job: Job, place: Path) -> str | None:
    return next(filter(None, map(job.wrong, _results(place))), None)


def _results(place: Path) -> list[Path]:
    """A directory of each measured run, or the one that all share."""
    numbered = [one for one in sorted(place.iterdir()) if one.name.isdigit()]
    return numbered or [place]


def _figures(job: Job, place: Path, peak: int) -> Line:
    found = orjson.loads((place / RESULT).read_bytes())
    seconds, used = found["seconds"], found["processor_seconds"]
    return {
        "rate": job.rows / statistics.median(seconds),
        "lowest_rate": job.rows / max(seconds),
        "highest_rate": job.rows / min(seconds),
        "rate_per_processor_second": job.rows / max(statistics.median(used), 0.01),
        "peak_mib": peak / 2**20,
        "start_seconds": found["start_seconds"],
        "versions": found["versions"],
    }
