"""The page of speed, made of what was measured: `python -m docs.speed > docs/speed.md`.

Here: tables of docs/evaluation/speed.json, as `pulsehouse bench --json` prints it, and of the flame
graphs. Not here: measuring (benchmarks/), or the words about each stage (flames/words.toml).
"""

import json
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
MEASURED = DOCS / "evaluation" / "speed.json"
COSTS = DOCS / "flames" / "costs.json"
WORDS = DOCS / "flames" / "words.toml"
# Of each stage, so many functions are named.
NAMED = 5
# From here on a decimal says nothing.
WHOLE = 100
OPENING = """# Speed

How fast each stage is, where its time goes, and what would make it faster. Made by
`python -m docs.speed > docs/speed.md` from `docs/evaluation/speed.json`, `docs/flames/costs.json`
and `docs/flames/words.toml`: change those, not this page. What is slower than asked is said in the
column beside it, and once more in [limits](limits.md).
"""
NOTHING = "No run is stored yet: `pulsehouse bench --json > docs/evaluation/speed.json` makes one."
GOES = """## Where the time goes

A flame graph per stage: outermost function above, a box as wide as its share of the stage's time;
orange is code of ours, grey a library. A function below is charged with what it called in NumPy and
Arrow. To make them again: `python -m benchmarks.flames` (all, some minutes) or
`python -m benchmarks.flames decode`, then this page; `py-spy` must be installed.
"""
MET = {True: "yes", False: "**no**", None: ""}


def page() -> str:
    """The whole page."""
    told = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else None
    costs = json.loads(COSTS.read_text(encoding="utf-8"))
    words = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    stages = (part for name in costs for part in _stage(name, costs[name], words["stages"][name]))
    kernels = "## What a compiled kernel would give", *words["kernels"]
    return "\n\n".join([OPENING.strip(), *measured(told), GOES.strip(), *stages, *kernels]) + "\n"


def measured(told: Mapping[str, Any] | None) -> Iterator[str]:
    """The figures of a run, its machine and how busy that was."""
    yield "## Figures"
    if told is None:
        yield NOTHING
        return
    load = " / ".join(f"{value:.2f}" for value in told["load"]["before"])
    machine = ", ".join(f"{name.replace('_', ' ')} {said}" for name, said in _flat(told["machine"]))
    yield f"`pulsehouse bench` on: {machine}. Load before the run: {load}."
    columns = "Stage", "Figure", "Messages", "Median", "Least to most", "Unit", "Asked", "Met"
    yield _table(columns, (row for case in told["cases"] for row in _rows(case)))


def _flat(machine: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name, said in machine.items():
        if not isinstance(said, Mapping | list):
            yield name, said


def _rows(case: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, figure in case["figures"].items():
        spread = f"{_number(figure['low'])} to {_number(figure['high'])}"
        yield (
            case["stage"],
            name.replace("_", " "),
            f"{case['size']:,}",
            _number(figure["median"]),
            spread if case["runs"] > 1 else "",
            figure["unit"],
            figure.get("held_to") or "",
            MET[figure.get("is_met")],
        )


def _stage(name: str, told: Mapping[str, Any], words: Sequence[str]) -> Iterator[str]:
    """The drawing of a stage, its dearest functions, and what would remove its largest costs."""
    title = name.replace("_", " ")
    yield f"### {title.capitalize()}"
    yield f"[Flame graph](flames/{name}.svg): {told['samples']:,} samples, case `{told['case']}`."
    rows = ((f"`{cost['where']}`", f"{cost['share']:.0%}") for cost in told["costs"][:NAMED])
    yield _table(("Function, with what it calls in libraries", "Share"), rows)
    yield "\n".join(f"{number}. {one}" for number, one in enumerate(words, 1))


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= WHOLE else f"{value:,.3g}"


def _table(columns: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(page())
