"""A backtest: one or two versions of the rules over the same facts.

Here: the run from facts in chunks to evaluations. Not here: where facts come from (chunks.py, and
pulsehouse/backtest_challenge.py), or how a result is shown.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from clinical.evaluation.comparing import Difference
from clinical.evaluation.occurrences import Occurrences
from lakehouse.settings import Settings
from orchestration.evaluation.chunks import Period
from orchestration.evaluation.evaluated import (
    Evaluation,
    compared,
    comparison_json,
    evaluated,
    instant,
)
from orchestration.evaluation.gathering import Gathered, Labels, gathered
from orchestration.evaluation.onsets import Onsets
from orchestration.evaluation.rules import rule_set
from orchestration.evaluation.running import run

# Told the version that is run, and how many observations of it are done.
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts in chunks, and what their alerts are held against."""

    place: Path
    period: Period
    labels: Labels | None = None
    onsets: Onsets | None = None


@dataclass(frozen=True, slots=True)
class Backtest:
    """What came of it; `against` and `differences` where two versions were compared."""

    evaluation: Evaluation
    found: Gathered
    against: Evaluation | None
    differences: Sequence[Difference]

    def to_json(self) -> dict[str, Any]:
        """The stable form; nothing in it tells of one patient."""
        told = self.evaluation.to_json()
        if self.against is not None:
            told["against"] = self.against.to_json()
            told["differences"] = comparison_json(self.differences)
        return told


def backtest(
    facts: Facts, settings: Settings, work: Path, versions: Sequence[str], progress: Progress
) -> Backtest:
    """Run one version, or two to compare, and evaluate what they found.

    Args:
        facts: The facts.
        settings: The hospital's clock.
        work: A directory for results, emptied by whoever made it.
        versions: Names of one version, or of a new one and the one it is held against.
        progress: Told how far it is.

    Raises:
        EvaluationError: A version cannot be found or run.
    """
    sides = [
        _side(facts, settings, work / f"by-{number}", name, progress)
        for number, name in enumerate(versions)
    ]
    evaluation, found = sides[0]
    against = sides[1] if len(sides) > 1 else None
    return Backtest(
        evaluation,
        found,
        against[0] if against else None,
        compared(found, against[1], facts.period) if against else (),
    )


def _side(
    facts: Facts, settings: Settings, out: Path, name: str, progress: Progress
) -> tuple[Evaluation, Gathered]:
    with rule_set(name) as rules:
        done = run(rules, facts.place, out, settings, lambda count: progress(name, count))
    found = gathered(facts.place, out, instant(facts.period.until), facts.labels)
    zone = ZoneInfo(settings.hospital_zone)
    return evaluated(found, done, facts.period, zone, _onsets(facts, found)), found


def _onsets(facts: Facts, found: Gathered) -> tuple[str, Occurrences] | None:
    if facts.onsets is None:
        return None
    return facts.onsets.variant, facts.onsets.of(list(found.names))
