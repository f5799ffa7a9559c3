"""Where the time of each stage goes: `python -m benchmarks.flames [STAGE...]`.

Here: which case shows which stage, sampling it with py-spy, and what is kept of it in docs/flames.
Not here: the drawing (flame_graph.py), or what is made of the shares (docs/speed.py).
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from benchmarks.flame_graph import costs, drawn, stacks, within

KEPT: Final = Path(__file__).parents[1] / "docs" / "flames"
COSTS: Final = "costs.json"
PER_SECOND: Final = 250
# As many as a page may tell of.
MOST: Final = 8


@dataclass(frozen=True, slots=True)
class Stage:
    """The case that a stage is seen in, on how many messages, and where the stage begins."""

    case: str
    size: int
    root: str
    runs: int = 1


SHARD: Final = "Shard.step (clinical/detection/shard.py)"
STAGES: Final[Mapping[str, Stage]] = MappingProxyType(
    {
        "decode": Stage("mixed", 8_000, "decode (clinical/wire/__init__.py)"),
        "normalise": Stage("normalise", 16_000, "normalised (streaming/steps.py)", 2),
        "score": Stage("score", 8_000, SHARD, 2),
        "detect": Stage("end_to_end", 20_000, SHARD),
        "append": Stage("append", 8_000, "Writer._commit (streaming/writer.py)", 2),
        "end_to_end": Stage("end_to_end", 20_000, "(streaming/"),
    }
)


def sampled(stage: Stage) -> str:
    """The stacks of a case, of every thread that worked."""
    with tempfile.TemporaryDirectory(prefix="pulsehouse-flames-") as folder:
        file = Path(folder) / "stacks.txt"
        options = [
            "--format",
            "raw",
            "--function",
            "--rate",
            str(PER_SECOND),
            "--output",
            str(file),
        ]
        case = [sys.executable, "-m", "benchmarks.cases", stage.case]
        words = ["py-spy", "record", *options, "--", *case, str(stage.size), str(stage.runs)]
        quiet = subprocess.DEVNULL
        subprocess.run(words, check=True, stdout=quiet, stderr=quiet)  # noqa: S603 words of ours
        return file.read_text(encoding="utf-8")


def kept(name: str, raw: str) -> dict[str, Any]:
    """Draw a stage, and give the shares of what costs most."""
    found = within(stacks(raw), STAGES[name].root)
    title = f"{name.replace('_', ' ')}: {found.total():,} samples"
    KEPT.mkdir(exist_ok=True)
    (KEPT / f"{name}.svg").write_text(drawn(title, found), encoding="utf-8")
    shares = list(costs(found).items())[:MOST]
    return {
        "case": STAGES[name].case,
        "samples": found.total(),
        "costs": [{"where": where, "share": round(share, 3)} for where, share in shares],
    }


def main(names: list[str]) -> None:
    """Sample the stages that were named, or all; the others stay as they are."""
    file = KEPT / COSTS
    told = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    raws: dict[tuple[str, int], str] = {}
    for name in names or STAGES:
        stage = STAGES[name]
        place = stage.case, stage.size
        if place not in raws:
            raws[place] = sampled(stage)
        told[name] = kept(name, raws[place])
        ordered = {each: told[each] for each in STAGES if each in told}
        file.write_text(json.dumps(ordered, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
