"""Comparing two runs: what changed, and what only the machine did."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from pulsehouse.bench.comparing import WORSE, compared

RATE, WAIT, MEMORY = "rate", "wait", "memory"
UNITS = {RATE: "observations/s", WAIT: "ms", MEMORY: "MiB"}
MORE_IS_BETTER = {RATE: True, WAIT: False, MEMORY: False}
TIMES = st.floats(1.2, 50)


def _spread(value):
    return {"median": value, "low": value * 0.98, "high": value * 1.02}


def _run(machine=1.0, **values):
    figures = {
        name: {"unit": UNITS[name], **_spread(values.get(name, 100.0))} for name in MORE_IS_BETTER
    }
    usual = {"median": machine, "low": machine, "high": machine}
    return {
        "cases": [
            {
                "name": "case",
                "size": 10,
                "figures": figures,
                "baseline_messages_per_second": usual,
            }
        ]
    }


def _verdicts(before, now):
    return {one["figure"]: one["verdict"] for one in compared(before, now, MORE_IS_BETTER)}


def test_a_run_is_within_the_spread_of_itself():
    assert set(_verdicts(_run(), _run()).values()) == {"within spread"}


@given(TIMES)
def test_a_rate_that_rose_is_faster_and_the_other_way_round_slower(times):
    slow, fast = _run(), _run(rate=100 * times)
    assert _verdicts(slow, fast)[RATE] == "faster"
    assert _verdicts(fast, slow)[RATE] == "slower"


@given(TIMES)
def test_a_wait_that_rose_is_slower_and_more_memory_is_worse(times):
    said = _verdicts(_run(), _run(wait=100 * times, memory=100 * times))
    assert (said[WAIT], said[MEMORY]) == ("slower", "worse")
    assert {said[WAIT], said[MEMORY]} <= WORSE


@given(st.floats(0.05, 20))
def test_a_machine_that_is_faster_or_slower_changes_no_verdict(machine):
    now = _run(machine, rate=100 * machine, wait=100 / machine)
    assert set(_verdicts(_run(), now).values()) == {"within spread"}


def test_runs_that_overlap_are_within_spread_however_far_the_medians_are_apart():
    now = _run(rate=50)
    now["cases"][0]["figures"][RATE]["high"] = 99.0
    assert _verdicts(_run(), now)[RATE] == "within spread"


def test_only_what_both_runs_measured_at_one_size_is_compared():
    other = copy.deepcopy(_run())
    other["cases"][0]["size"] = 11
    assert compared(_run(), other, MORE_IS_BETTER) == []
