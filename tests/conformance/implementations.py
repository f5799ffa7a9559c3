"""The implementations that are asked, and what is known of where the public ones differ.

known/*.json has, for one version of a public package, each difference under the reason that was
found for it. A test holds the files equal to what the packages answer.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.adapter import Adapter
from tests.conformance.adapters.akiflagger import AkiFlagger
from tests.conformance.adapters.clincalc import Clincalc
from tests.conformance.adapters.medcalc_bench import MedcalcBench
from tests.conformance.adapters.nightingaleews import Nightingale
from tests.conformance.adapters.pulsehouse import Columns, Reference
from tests.conformance.adapters.vitalscore import Vitalscore
from tests.conformance.case import HERE, Case
from tests.conformance.verdict import Verdict, judge_all

OURS: tuple[Adapter, ...] = (Columns(), Reference())
PUBLIC: tuple[Adapter, ...] = (
    Vitalscore(), MedcalcBench(), AkiFlagger(), Nightingale(), Clincalc(),
)  # fmt: skip
UNNAMED = "not looked into yet"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one implementation stands in one score: counts, and its differences by reason."""

    agrees: int
    differs: dict[str, list[str]]
    not_supported: dict[str, int]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one version of a public package."""

    name: str
    version: str
    scores: dict[str, Standing]


def known() -> list[Known]:
    """What is known of each public package that was asked."""
    return [_known(path) for path in sorted((HERE / "known").glob("*.json"))]


def _known(path: Path) -> Known:
    told = json.loads(path.read_text(encoding="utf-8"))
    scores = {name: Standing(**standing) for name, standing in told["scores"].items()}
    return Known(told["name"], told["version"], scores)


def standing(adapter: Adapter, cases: list[Case], named: dict[str, str]) -> dict[str, Standing]:
    """How an implementation stands in each score that it has; `named` has reasons by case."""
    verdicts = judge_all(adapter, cases)
    scores = dict.fromkeys(verdict.case.score for verdict in verdicts)
    found = {name: [one for one in verdicts if one.case.score == name] for name in scores}
    return {
        name: _standing(mine, named)
        for name, mine in found.items()
        if any(one.outcome != "not supported" for one in mine)
    }


def _standing(verdicts: list[Verdict], named: dict[str, str]) -> Standing:
    differs: dict[str, list[str]] = {}
    for one in verdicts:
        if one.outcome == "differs":
            differs.setdefault(named.get(one.case.id, UNNAMED), []).append(one.case.id)
    refused = Counter(one.reason or "" for one in verdicts if one.outcome == "not supported")
    agrees = sum(one.outcome == "agrees" for one in verdicts)
    return Standing(agrees, differs, dict(sorted(refused.items())))


def reasons(one: Known) -> dict[str, str]:
    """The reason found for each case in which a package differs."""
    return {
        case: reason
        for standing in one.scores.values()
        for reason, cases in standing.differs.items()
        for case in cases
    }
