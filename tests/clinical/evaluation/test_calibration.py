"""NEWS2 bands and what followed them; hours in which something stands; areas under curves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.evaluation.calibration import BANDS, band_of, calibration, followed, last_of_hour
from clinical.evaluation.discrimination import discrimination
from clinical.evaluation.held import HOLDS_FOR, standing
from clinical.evaluation.occurrences import occurrences
from clinical.evaluation.proportions import Proportion
from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR


def numbers(*values: float) -> np.ndarray:
    return np.array(values, np.int64)


@pytest.mark.parametrize(
    ("observed", "single", "band"),
    [
        *((0, False, "0"), (1, False, "1-4"), (4, False, "1-4"), (3, True, "3 in one")),
        *((4, True, "3 in one"), (5, False, "5-6"), (5, True, "5-6"), (6, False, "5-6")),
        *((7, False, "7+"), (20, True, "7+")),
    ],
)
def test_bands_are_those_of_the_response_chart(observed, single, band):
    found = band_of(np.array([float(observed)]), np.array([single]))
    assert BANDS[found[0]] == band


def test_the_last_row_of_a_patients_hour_counts():
    patient = numbers(1, 1, 2, 1)
    at = numbers(0, HOUR - 1, 5, HOUR)
    assert last_of_hour(patient, at).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("hours", "counts"), [(0, False), (0.01, True), (24, True), (24.01, False)]
)
def test_an_outcome_follows_within_24_hours_and_not_at_once(hours, counts):
    rows = occurrences(numbers(1), numbers(0))
    came = occurrences(numbers(1), numbers(round(hours * HOUR)))
    assert followed(rows, came).tolist() == [counts]


def test_calibration_counts_hours_and_outcomes_of_each_band():
    found = calibration(numbers(0, 4, 4), {"death": np.array([False, True, False])})
    assert [one.hours for one in found] == [1, 0, 0, 0, 2]
    assert found[4].outcomes == {"death": Proportion(1, 2)}
    assert found[1].outcomes["death"].share is None


def test_what_was_said_stands_until_it_is_said_otherwise_or_too_old():
    asked = occurrences(numbers(1, 1), numbers(0, 2 * HOUR))
    times = numbers(-1, 0, HOUR, 2 * HOUR, 2 * HOUR + HOLDS_FOR, 2 * HOUR + HOLDS_FOR + 1)
    at = occurrences(np.ones(6, np.int64), times)
    assert standing(asked, numbers(3, 1), at).tolist() == [0, 3, 3, 1, 1, 0]


def test_nothing_stands_for_another_patient():
    asked = occurrences(numbers(1), numbers(0))
    assert standing(asked, numbers(2), occurrences(numbers(2), numbers(0))).tolist() == [0]


def test_areas_of_a_case_by_hand():
    label = np.array([True, False, True, False])
    found = discrimination(np.array([3.0, 2.0, 2.0, 1.0]), label)
    # Of four pairs three are in order and one is a tie.
    assert found.auroc == 3.5 / 4
    # Precision 1 for the first half of the positives, 2 of 3 for the second.
    assert found.auprc == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_without_one_class_no_area_is_known():
    found = discrimination(np.array([1.0, 2.0]), np.array([False, False]))
    assert (found.auroc, found.auprc) == (None, None)


def test_an_unknown_value_takes_the_lowest_place():
    label = np.array([True, False])
    assert discrimination(np.array([np.nan, 0.0]), label).auroc == 0
    assert discrimination(np.array([0.0, np.nan]), label).auroc == 1


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=20))
def test_area_is_the_share_of_pairs_in_order(hours):
    value = np.array([float(one) for one, _ in hours])
    label = np.array([flag for _, flag in hours])
    found = discrimination(value, label)
    pairs = [(a, b) for a, x in hours if x for b, y in hours if not y]
    if not pairs:
        assert found.auroc is None
        return
    expected = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)
    assert found.auroc == pytest.approx(expected)
