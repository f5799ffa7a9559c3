"""Medians and spread: what several runs of one case come to.

Here: from runs to one result per case and size, with the baseline of the same runs. Not here:
running (running.py), or what a result means (growth.py, comparing.py).
"""

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.case import Case, Figure

Spread = dict[str, float]
Result = dict[str, Any]


def spread(values: Sequence[float]) -> Spread:
    """The median, the least and the most."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def result(case: "Case", told: Mapping[str, Any]) -> Result:
    """The result of a case at one size, from the runs that it told."""
    runs = told["runs"]
    usual = [
        one["baseline"]["figures"]["messages"] / _seconds(case, one["baseline"]) for one in runs
    ]
    return {
        "name": case.name,
        "stage": case.stage,
        "size": told["size"],
        "runs": len(runs),
        "seconds": spread([one["seconds"] for one in runs]),
        "cpu_seconds": spread([one["cpu_seconds"] for one in runs]),
        "peak_memory_mib": told["peak_memory_mib"],
        "baseline_messages_per_second": spread(usual),
        "figures": {
            figure.name: _figure(figure, runs, usual)
            for figure in case.figures
            if any(figure.name in one["figures"] for one in runs)
        },
    }


def _seconds(case: "Case", run: Mapping[str, float]) -> float:
    return run["cpu_seconds"] if case.per_core else run["seconds"]


def _figure(figure: "Figure", runs: Sequence[Mapping[str, Any]], usual: Sequence[float]) -> Result:
    values = [one["figures"].get(figure.name) for one in runs]
    found = [value for value in values if value is not None]
    told: Result = {"unit": figure.unit, **spread(found)}
    if figure.per_baseline_message:
        pairs = zip(values, usual, strict=True)
        per = figure.per_baseline_message
        told["against_baseline"] = statistics.median(
            value / (messages * per) for value, messages in pairs if value is not None
        )
    if figure.bound is not None:
        told |= {
            "bound": figure.bound,
            "held_to": figure.held_to,
            "is_met": figure.is_met(told["median"]),
        }
    return told
