"""Running one version of the rules over chunks of facts.

Here: the processes, and what they tell. Not here: what they do (fold.py).
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse.settings import Settings
from orchestration.evaluation.errors import EvaluationError
from orchestration.evaluation.rules import RuleSet

Tick = Callable[[int], None]
_FOLD = Path(__file__).with_name("fold.py")


@dataclass(frozen=True, slots=True)
class Run:
    """One version's results: where they lie, which rules they are by, and how fast they came.

    `seconds` is the processor time spent in shards, added up over the processes.
    """

    rules: str
    rules_version: str
    out: Path
    observations: int
    seconds: float


def run(rules: RuleSet, facts: Path, out: Path, settings: Settings, tick: Tick) -> Run:
    """Fold every chunk by one version of the rules, on as many processes as there are cores.

    Args:
        rules: The version.
        facts: The directory of the chunks.
        out: Where results go; it must not exist.
        settings: The hospital's clock.
        tick: Told the observations of each chunk that is done.

    Raises:
        EvaluationError: The version could not be run.
    """
    out.mkdir(parents=True)
    chunks = sum(1 for _ in facts.glob("chunk-*"))
    workers = max(min(os.cpu_count() or 1, chunks), 1)
    started = [_start(rules, facts, out, settings, (n, workers)) for n in range(workers)]
    try:
        told = list(_lines(rules, started, tick))
    finally:
        for process in started:
            process.kill()
            process.wait()
    versions = {str(line["rules_version"]) for line in told if "rules_version" in line}
    done = [line for line in told if "chunk" in line]
    return Run(
        rules.name,
        versions.pop(),
        out,
        sum(int(line["observations"]) for line in done),
        sum(float(line["seconds"]) for line in done),
    )


def _start(
    rules: RuleSet, facts: Path, out: Path, settings: Settings, share: tuple[int, int]
) -> "subprocess.Popen[str]":
    words = [facts, out, settings.hospital_zone, settings.batch_hour, *share]
    # -P: the directory of the script is no place to import from.
    command = [sys.executable, "-P", str(_FOLD), *(str(word) for word in words)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    if rules.root is not None:
        environment["PYTHONPATH"] = str(rules.root)
    return subprocess.Popen(  # noqa: S603 our own script, our own arguments
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def _lines(
    rules: RuleSet, started: Sequence["subprocess.Popen[str]"], tick: Tick
) -> Iterator[dict[str, str | float]]:
    for process in started:
        for text in process.stdout or ():
            line = json.loads(text)
            tick(int(line.get("observations", 0)))
            yield line
        # Its trace may quote a value: only the kind of error is told.
        trace = (process.stderr.read() if process.stderr else "").strip().splitlines()
        if process.wait():
            kind = trace[-1].split(":")[0] if trace else f"exit code {process.returncode}"
            msg = (
                f"the rules {rules.name!r} could not be run over these facts ({kind});"
                " name a version that stands by itself, or evaluate fewer facts"
            )
            raise EvaluationError(msg)
