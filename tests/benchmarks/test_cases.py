"""Every case of `pulsehouse bench` measures, at a size at which no figure means anything."""

import math

import pytest

from benchmarks.cases import measured
from benchmarks.catalogue import CASES
from benchmarks.measuring import Place

TINY = 300
# Of seconds; of messages a second, of which half are the opening of a flow; of messages in two
# inboxes.
SIZES = {"idle": 1, "latency_1000": 600, "two_processes": 40}
# What a batch costs more than its messages is a difference, and idle may be too little to count.
ANY_SIGN = {"batch_of_100_extra_ms", "batch_of_1000_extra_ms", "idle_core_percent"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_gives_every_figure_of_the_catalogue_finite_and_positive(case, tmp_path):
    place = Place(tmp_path / "own", tmp_path / "shared")
    for folder in (place.own, place.shared):
        folder.mkdir()
    told = measured(case, SIZES.get(case.name, TINY), 1, place)
    (run,) = told["runs"]
    assert set(run["figures"]) == {figure.name for figure in case.figures}
    assert [name for name, value in run["figures"].items() if not math.isfinite(value)] == []
    assert {name for name, value in run["figures"].items() if value <= 0} <= ANY_SIGN
    assert run["seconds"] > 0 < told["peak_memory_mib"]
    assert run["baseline"]["figures"]["messages"] > 0 < run["baseline"]["cpu_seconds"]
