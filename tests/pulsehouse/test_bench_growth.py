"""Growth: time in step with the input, memory not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.case import BOTH
from pulsehouse.bench.growth import MEMORY_AT_10X, TIME_AT_10X, at_10x, growth


def _result(size, seconds, memory=200.0, name="one"):
    told = {"median": seconds, "low": seconds, "high": seconds}
    return {
        "name": name,
        "size": size,
        "seconds": told,
        "cpu_seconds": told,
        "peak_memory_mib": memory,
    }


@given(st.floats(1.5, 1_000), st.floats(0.01, 100))
def test_growth_in_step_is_tenfold_whatever_the_sizes(times, seconds):
    assert at_10x(seconds, seconds * times, times) == pytest.approx(10)
    assert at_10x(seconds, seconds, times) == pytest.approx(1)


@given(st.floats(0.1, 100), st.floats(1, 20))
def test_the_law_of_time_is_read_off_two_sizes(seconds, grown):
    (told,) = growth([_result(1_000, seconds), _result(10_000, seconds * grown)], {"one": BOTH})
    assert told["seconds_at_10x"] == pytest.approx(grown)
    assert told["is_time_within"] is (told["seconds_at_10x"] <= TIME_AT_10X)


@pytest.mark.parametrize(("memory", "within"), [(200, True), (200 * MEMORY_AT_10X * 1.01, False)])
def test_memory_may_not_grow(memory, within):
    (told,) = growth([_result(10, 1), _result(100, 10, memory)], {"one": BOTH})
    assert told["is_memory_within"] is within


def test_a_case_is_held_to_its_own_laws_alone():
    (told,) = growth([_result(10, 1), _result(100, 90, 900)], {"one": {"time"}})
    assert (told["is_time_within"], told["is_memory_within"]) == (False, None)


def test_sizes_are_compared_one_with_the_next_within_a_case():
    results = [_result(1_000, 3, name="two"), *(_result(size, size) for size in (100, 1, 10))]
    told = growth(results, {"one": BOTH, "two": BOTH})
    assert [(one["name"], one["from"], one["to"]) for one in told] == [
        ("one", 1, 10),
        ("one", 10, 100),
    ]
