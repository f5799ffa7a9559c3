"""Comparing with an earlier run: faster, slower, or within what runs differ by.

Here: the judgement, figure by figure, with the machine's own change taken out where it matters:
both runs measured the same baseline beside every case. Not here: measuring.

A figure is better or worse where its medians are apart by more than `NOTABLE` and no run of one
lies among the runs of the other.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

Verdict = Literal["faster", "slower", "better", "worse", "within spread"]
WORSE: Final[frozenset[Verdict]] = frozenset({"slower", "worse"})
NOTABLE: Final = 0.10
# Units that follow the machine's speed: rates rise with it, waits fall. All others do not.
_RATES: Final = frozenset({"observations/s", "messages/s", "resources/s", "MiB/s"})
_WAITS: Final = frozenset({"s", "ms", "us"})


def compared(
    before: Mapping[str, Any], now: Mapping[str, Any], more_is_better: Mapping[str, bool]
) -> list[dict[str, Any]]:
    """Every figure that both runs have at one size.

    Args:
        before: The JSON of the earlier run.
        now: The JSON of this one.
        more_is_better: By figure.
    """
    earlier = {(one["name"], one["size"]): one for one in before["cases"]}
    return [
        told
        for one in now["cases"]
        if (old := earlier.get((one["name"], one["size"]))) is not None
        for told in _figures(old, one, more_is_better)
    ]


def verdict(
    old: Mapping[str, float],
    new: Mapping[str, float],
    scale: float,
    *,
    more_is_better: bool,
    is_timed: bool,
) -> Verdict:
    """What became of a figure; `scale` is what the machine alone would have made of the old one."""
    ratio = new["median"] / (old["median"] * scale)
    apart = new["low"] > old["high"] * scale or new["high"] < old["low"] * scale
    if not apart or abs(ratio - 1) <= NOTABLE:
        return "within spread"
    is_better = (ratio > 1) == more_is_better
    if is_timed:
        return "faster" if is_better else "slower"
    return "better" if is_better else "worse"


def _figures(
    old: Mapping[str, Any], new: Mapping[str, Any], more_is_better: Mapping[str, bool]
) -> Iterator[dict[str, Any]]:
    usual = "baseline_messages_per_second"
    machine = new[usual]["median"] / old[usual]["median"]
    for name, figure in new["figures"].items():
        known = old["figures"].get(name)
        if known is None or name not in more_is_better or known["median"] <= 0:
            continue
        unit = figure["unit"]
        scale = _scale(unit, machine)
        said = verdict(
            known,
            figure,
            scale,
            more_is_better=more_is_better[name],
            is_timed=unit in _RATES | _WAITS,
        )
        yield {
            "case": new["name"],
            "size": new["size"],
            "figure": name,
            "before": known["median"],
            "now": figure["median"],
            "ratio": figure["median"] / known["median"],
            "baseline_ratio": machine,
            "ratio_without_machine": figure["median"] / (known["median"] * scale),
            "verdict": said,
        }


def _scale(unit: str, machine: float) -> float:
    if unit in _RATES:
        return machine
    return 1 / machine if unit in _WAITS else 1.0
