"""Growth: how time and memory grow with the input.

Here: the law that at ten times the input time grows at most 10.5 times and memory not at all, on
results of one case at several sizes. Not here: measuring them.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

TIME_AT_10X: Final = 10.5
# Not at all, but for what an allocator rounds up and one more batch in flight.
MEMORY_AT_10X: Final = 1.05


def growth(
    results: Sequence[Mapping[str, Any]], laws: Mapping[str, Collection[str]]
) -> list[dict[str, Any]]:
    """What each case takes at ten times the input, from each size to the next.

    Args:
        results: The results, in any order.
        laws: Which of "time" and "memory" each case is held to.
    """
    return [_between(less, more, laws[less["name"]]) for less, more in _pairs(results)]


def at_10x(less: float, more: float, times: float) -> float:
    """How many times as much it would be at ten times the input, at this pace of growth."""
    return float((more / less) ** (1 / math.log10(times)))


def _pairs(
    results: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    by_case: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in results:
        by_case[one["name"]].append(one)
    for found in by_case.values():
        yield from pairwise(sorted(found, key=lambda one: int(one["size"])))


def _between(
    less: Mapping[str, Any], more: Mapping[str, Any], laws: Collection[str]
) -> dict[str, Any]:
    times = more["size"] / less["size"]
    told = {
        f"{name}_at_10x": at_10x(less[name]["median"], more[name]["median"], times)
        for name in ("seconds", "cpu_seconds")
        if less[name]["median"] > 0
    }
    memory = at_10x(less["peak_memory_mib"], more["peak_memory_mib"], times)
    return {
        "name": less["name"],
        "from": less["size"],
        "to": more["size"],
        **told,
        "memory_at_10x": memory,
        "is_time_within": told["seconds_at_10x"] <= TIME_AT_10X if "time" in laws else None,
        "is_memory_within": memory <= MEMORY_AT_10X if "memory" in laws else None,
    }
