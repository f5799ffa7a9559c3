"""The run: which cases at which sizes, one after the other, each in a process of its own.

Here: from what was typed to the stable form that `--json` prints. Not here: showing it
(showing.py), or what a case does (benchmarks/).
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pulsehouse import terminal
from pulsehouse.bars import bar
from pulsehouse.bench.growth import growth
from pulsehouse.bench.machine import load, machine
from pulsehouse.bench.spread import Result, result
from pulsehouse.failure import USAGE, CommandError

if TYPE_CHECKING:
    from benchmarks.case import Case

# Messages of all runs of a case together, from which on fewer runs are made: one at least.
MOST_MESSAGES: Final = 3_000_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be measured."""

    quick: bool = False
    names: Collection[str] = ()
    sizes: Sequence[int] = ()
    runs: int | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """One case at one size."""

    case: "Case"
    size: int
    runs: int

    def words(self, shared: Path) -> list[str]:
        """The command that measures it."""
        told = [self.case.name, str(self.size), str(self.runs)]
        return [sys.executable, "-m", "benchmarks.cases", *told, str(shared)]


def planned(wish: Wish) -> list[Planned]:
    """What a wish comes to; with sizes, the cases that growth says something of.

    Raises:
        CommandError: There is no such case, or nothing is left to measure.
    """
    return [Planned(case, size, _runs(wish, case, size)) for case, size in _sized(wish)]


def measured(wish: Wish) -> dict[str, Any]:
    """Measure, and give the stable form: every figure at the top by name, then case by case.

    Raises:
        CommandError: The cases are not there, or one failed.
    """
    plan, before = planned(wish), load()
    results = list(_results(plan))
    laws = {one.case.name: one.case.laws for one in plan}
    return {
        **_at_top(results),
        "quick": wish.quick,
        "machine": machine(),
        "load": {"before": before, "after": load()},
        "cases": results,
        "growth": growth(results, laws),
    }


def cases() -> "Mapping[str, Case]":
    """All cases.

    Raises:
        CommandError: They are not installed here.
    """
    if find_spec("benchmarks") is None:
        msg = "the benchmarks are not installed here; run `pulsehouse bench` in a clone"
        raise CommandError(msg)
    from benchmarks.catalogue import BY_NAME  # noqa: PLC0415 a wheel has none

    return BY_NAME


def _sized(wish: Wish) -> "Iterator[tuple[Case, int]]":
    known = cases()
    for name in wish.names:
        if name not in known:
            raise CommandError(_unknown(name, known), USAGE)
    for case in known.values():
        if wish.names and case.name not in wish.names:
            continue
        if wish.sizes and (wish.names or case.laws):
            yield from ((case, size) for size in sorted(set(wish.sizes)))
        elif not wish.sizes and (size := _usual(wish, case)):
            yield case, size


def _usual(wish: Wish, case: "Case") -> int:
    """The case's own size; 0 where a quick run leaves it out, and nobody asked for it by name."""
    size = case.quick if wish.quick else case.size
    return size or (case.size if wish.names else 0)


def _unknown(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f"nearest: {near[0]}" if near else f"there are: {', '.join(known)}"
    return f"unknown case {name!r}; {hint}"


def _runs(wish: Wish, case: "Case", size: int) -> int:
    if wish.runs is not None:
        return wish.runs
    usual = case.quick_runs if wish.quick else case.runs
    return max(1, min(usual, MOST_MESSAGES // size))


def _results(plan: Sequence[Planned]) -> Iterator[Result]:
    with (
        tempfile.TemporaryDirectory(prefix="pulsehouse-bench-") as shared,
        bar(terminal.err()) as progress,
    ):
        task = progress.add_task("measuring", total=len(plan), words="")
        for one in plan:
            name = one.case.name.replace("_", " ")
            progress.update(task, words=f"{name}: {one.size:,}, {one.runs}x")
            yield result(one.case, _told(one, Path(shared)))
            progress.advance(task)


def _told(one: Planned, shared: Path) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 our own module, our own arguments
        one.words(shared), capture_output=True, text=True, check=False
    )
    if done.returncode:
        again = " ".join(one.words(shared)[1:-1])
        msg = f"the case {one.case.name} failed; see why with: python {again}"
        raise CommandError(msg)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _at_top(results: Sequence[Result]) -> dict[str, float]:
    """Every figure by its name; of a case at several sizes, that of the largest."""
    return {
        name: figure["median"]
        for one in sorted(results, key=lambda one: int(one["size"]))
        for name, figure in one["figures"].items()
    }
