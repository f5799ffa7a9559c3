"""The lines of scores over a stretch of time, in words: what a value gives how many points.

Here: the lines of SOFA and KDIGO, made from their own tables. Not here: which value was the worst
(the score row says), or other scores (explained_points.py).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clinical.scores import kdigo, sofa
from clinical.scores.ratios import PF_RATIO, pf_ratio_of

# Scores over a stretch of time that are a formula of their parts, in the order of the parts.
FORMULAS: Mapping[str, Callable[..., Any]] = {PF_RATIO.name: pf_ratio_of}
# Scores whose value is the highest of their parts, not the sum.
HIGHEST = frozenset({"kdigo"})


def line(score: str, parameter: str) -> str | None:
    """One line of a score's table; None where the score is not told here."""
    return _LINES.get(score.partition("_")[0], {}).get(parameter)


def _rising(bounds: Sequence[float]) -> str:
    return ", ".join(f"{bound:g}: {points}" for points, bound in enumerate(bounds, 1))


def _catecholamines() -> str:
    drugs = (
        f"{drug} above {', '.join(f'{rate:g}: {points}' for rate, points in steps.items())}"
        for drug, steps in sofa.CATECHOLAMINES_ABOVE.items()
    )
    return "; ".join(drugs)


_SUPPORT = f"without respiratory support at most {sofa.MOST_WITHOUT_SUPPORT}"
_URINE = ", ".join(f"{volume}: {points}" for volume, points in sofa.URINE_BELOW.items())
_SOFA: Mapping[str, str] = {
    "respiration": f"PaO2/FiO2 below {_rising(sofa.PAO2_FIO2_BELOW)}; {_SUPPORT}",
    "coagulation": f"below {_rising(sofa.PLATELETS_BELOW)}",
    "liver": f"from {_rising(sofa.BILIRUBIN_FROM)}",
    "cardiovascular": f"mean pressure below {sofa.MEAN_BP_BELOW}: 1; {_catecholamines()}",
    "cns": f"GCS below {_rising(sofa.GCS_BELOW)}",
    "renal": f"creatinine from {_rising(sofa.CREATININE_FROM)}; urine mL/d below {_URINE}",
}


def _staged(criterion: kdigo.UrineCriterion) -> str:
    amount = f"below {criterion.below:g} mL/kg/h" if criterion.below else "none"
    return f"{amount} for {criterion.hours} h: {criterion.stage}"


_RATIOS = ", ".join(f"{times:g} times: {stage}" for times, stage in reversed(kdigo.STAGE_BY_RATIO))
_KDIGO: Mapping[str, str] = {
    "creatinine": (
        f"of the lowest of {kdigo.BASELINE_HOURS} h from {_RATIOS}; {kdigo.ACUTE_RISE:g} mg/dL"
        f" above the lowest of {kdigo.ACUTE_HOURS} h: 1; then from {kdigo.SEVERE_CREATININE:g}: 3"
    ),
    "urine_output": "; ".join(_staged(criterion) for criterion in kdigo.URINE_CRITERIA),
}
_LINES: Mapping[str, Mapping[str, str]] = {"sofa": _SOFA, "kdigo": _KDIGO}
