"""The catalogue of cases: one list in which nothing stands twice."""

from collections import Counter

import pytest

from benchmarks.case import Figure
from benchmarks.catalogue import BY_NAME, CASES, figures

# As the issue that asked for the command lists them.
STAGES = (
    *("decode", "normalise", "score", "detect", "append", "end to end", "latency"),
    *("gateway", "restart", "replay", "query", "memory", "idle"),
)
# What others read off the JSON.
KEPT = {
    "decode_observations_per_second",
    "mixed_observations_per_second",
    "batch_of_1000_extra_ms",
    "fhir_observations_per_second",
    "engine_observations_per_second",
    "end_to_end_observations_per_second",
    "peak_memory_mib",
    "alert_latency_p99_ms",
    "gateway_messages_per_second",
    "gateway_ack_p99_ms",
}


def test_cases_stand_in_the_order_of_the_path():
    assert tuple(dict.fromkeys(case.stage for case in CASES)) == STAGES


def test_no_case_and_no_figure_stands_twice():
    names = Counter(figure.name for _, figure in figures())
    assert [name for name, times in names.items() if times > 1] == []
    assert len(BY_NAME) == len(CASES)


def test_figures_that_others_read_are_there():
    assert {figure.name for _, figure in figures()} >= KEPT


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_has_a_function_that_measures_it(case):
    assert callable(case.measure())


def test_a_bound_is_met_from_the_side_it_names():
    more, less = Figure("more", "x", at_least=1.7), Figure("less", "ms", below=25)
    assert (more.is_met(1.7), more.is_met(1.69)) == (True, False)
    assert (less.is_met(24.9), less.is_met(25)) == (True, False)
    assert Figure("none", "ms").is_met(1) is None


def test_a_bound_is_written_out():
    assert (
        Figure("rate", "x", at_least=1_000_000, where="here").held_to == "at least 1,000,000, here"
    )
    assert Figure("wait", "ms", below=0.5).held_to == "below 0.5"


def test_no_figure_is_held_to_two_bounds():
    both = [one.name for _, one in figures() if None not in {one.at_least, one.below}]
    assert both == []
