"""Measuring on other hospitals: that values become what they mean, and the page says what came."""

import json

import numpy as np
import pytest

from clinical.scores.sofa import SOFA
from docs.derivations import first_days, labelled_cohorts, on_labels
from docs.derivations.labelled_cohorts import Cohort
from docs.derivations.other_hospitals import PAGE, STORED
from docs.derivations.other_hospitals_page import page
from docs.derivations.told_values import Told, arrivals, grid_of

FOUND = json.loads(STORED.read_text(encoding="utf-8"))


def told(concept, *values):
    """Values of stay 0, at the hours 1, 2, ..."""
    size = len(values)
    hours = np.arange(1.0, size + 1)
    return Told(concept, np.zeros(size, np.int64), hours, np.array(values, float))


def cohort(rates, label):
    """One stay with a respiratory rate every hour."""
    size = len(rates)
    ended = np.arange(1, size + 1)
    values = [*arrivals(np.array([60.0])), told("respiratory_rate", *rates)]
    return Cohort(values, np.zeros(size, np.int64), ended, np.array(label, bool))


def test_the_page_says_what_was_stored():
    said = PAGE.read_text(encoding="utf-8")
    assert said == page(FOUND), "make it anew: python -m docs.derivations.other_hospitals DIR"


def test_a_value_is_known_from_its_own_hour_on_and_an_implausible_one_never():
    values = [*arrivals(np.array([60.0])), told("heart_rate", 80, 0, np.nan, 90)]
    panel = grid_of(values, np.zeros(4, np.int64), np.array([0.5, 1, 3, 4])).panel
    assert panel["heart_rate"].current.tolist() == [False, True, True, True]
    assert panel["heart_rate"].value[1:].tolist() == [80, 80, 90]
    assert panel["hours_in_icu"].value.tolist() == [0, 1, 3, 4]


@pytest.mark.parametrize(("age", "applies"), [(17.5, False), (18.5, True), (np.nan, True)])
def test_a_stay_is_as_old_as_its_age_says(age, applies):
    values = [*arrivals(np.array([age])), told("platelets", 90)]
    found = grid_of(values, np.zeros(1, np.int64), np.array([2.0])).assess(SOFA)
    assert found.applies.tolist() == [applies]


def test_an_onset_comes_six_hours_after_the_first_label():
    assert cohort([20] * 9, [0] * 2 + [1] * 7).onset == {0: 9}


@pytest.mark.parametrize(("hour", "warned"), [(8, 1), (9, 0)])
def test_a_stay_is_warned_by_hours_before_its_onset_only(hour, warned):
    rates = [15] * 9
    rates[hour - 1 :] = [30] * (10 - hour)
    one = cohort(rates, [0] * 2 + [1] * 7)
    over = np.array(rates) >= 30
    found = on_labels.before_onset(one, over)
    assert found["septic_stays_warned"] == warned
    assert found["alerts"] == 1


def test_a_cohort_comes_to_what_was_stored(shared_data):
    found = on_labels.figures(labelled_cohorts.read(shared_data, "mimic_demo"))
    assert json.loads(json.dumps(found)) == FOUND["labelled"]["mimic_demo"]


def test_sofa_of_the_first_day_of_a_few_stays_is_mostly_that_of_the_challenge(shared_data):
    found = first_days.figures(first_days.read(shared_data, 60))
    first, second = found["sofa"][:2]
    assert found["stays"] == 60
    assert first["within_0"] > 0.5 > second["within_0"]
    assert first["lower_than_ours"] <= 1
