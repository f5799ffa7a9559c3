"""Hours in care: what counts as a stay, and that both engines count alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.scoring.history import History
from clinical.scoring.inputs import HOURS_IN_CARE, Panel, Reading, derive
from clinical.scoring.memory import CONCEPT_NAMES, CONCEPT_NUMBER, ROW
from clinical.scoring.panel import Panel as Columns
from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR
from clinical.scoring.winners import NONE

NOW = 1_767_571_200_000_000
EVENTS = ("admission", "icu_admission", "discharge")
# Hours before now at which each event happened, or that it is not known; halves, to be cut off.
Told = dict[str, float]
tolds = st.fixed_dictionaries(
    {}, optional={name: st.integers(-4, 12).map(lambda half: half / 2) for name in EVENTS}
)


def reference(told: Told) -> dict[str, float]:
    current = {
        name: Reading(name, 1.0, NOW - int(ago * HOUR), ("feed", 0, 0, 0))
        for name, ago in told.items()
    }
    found = derive(Panel(current, frozenset()), NOW).current
    return {name: found[name].value for name in HOURS_IN_CARE if name in found}


def columnar(tolds: list[Told]) -> list[dict[str, float]]:
    """Each timeline is a moment of its own, with rows of its own."""
    rows = [(place, name, ago) for place, told in enumerate(tolds) for name, ago in told.items()]
    stack = np.zeros(len(rows), ROW)
    counts = np.full((len(CONCEPT_NAMES), len(tolds)), NONE)
    for row, (place, name, ago) in enumerate(rows):
        stack[row]["concept"], stack[row]["value"] = CONCEPT_NUMBER[name], 1.0
        stack[row]["effective"] = NOW - int(ago * HOUR)
        counts[CONCEPT_NUMBER[name], place] = row
    history = History(stack, np.array([place for place, _, _ in rows], np.int64))
    panel = Columns(history, np.full(len(tolds), NOW), lambda concepts: counts[concepts])
    found = {name: panel[name] for name in HOURS_IN_CARE}
    return [
        {name: one.value[at] for name, one in found.items() if one.current[at]}
        for at in range(len(tolds))
    ]


@settings(max_examples=60)
@given(st.lists(tolds, min_size=1, max_size=20))
def test_both_engines_count_the_same_hours(tolds):
    assert columnar(tolds) == [reference(told) for told in tolds]


@pytest.mark.parametrize(
    ("told", "hours"),
    [
        ({}, {}),
        ({"admission": 5.5}, {"hours_in_hospital": 5}),
        (
            {"admission": 5.5, "icu_admission": 2},
            {"hours_in_hospital": 5, "hours_in_icu": 2, "hours_before_icu": 3},
        ),
        ({"icu_admission": 0.5}, {"hours_in_icu": 0}),
        # An arrival in intensive care before the newest admission is of an earlier stay.
        ({"admission": 2, "icu_admission": 3}, {"hours_in_hospital": 2}),
        ({"admission": 5, "icu_admission": 3, "discharge": 1}, {}),
        ({"admission": 3, "icu_admission": 3, "discharge": 3}, {}),
        # What lies ahead has not begun.
        ({"admission": 3, "icu_admission": -1}, {"hours_in_hospital": 3}),
    ],
)
def test_hours_are_completed_ones_of_the_stay_that_goes_on(told, hours):
    assert reference(told) == hours
    assert columnar([told]) == [hours]
