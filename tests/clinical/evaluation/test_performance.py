"""Alerts held against outcomes: windows, shares and leads on cases made by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.evaluation.occurrences import Occurrences, bounds, occurrences
from clinical.evaluation.performance import WINDOW, lead_to_first, performance
from clinical.evaluation.proportions import Proportion, spread
from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR


def at(*pairs: tuple[int, float]) -> Occurrences:
    """Occurrences from (patient, hour)."""
    patient = np.array([who for who, _ in pairs], np.int64)
    return occurrences(patient, np.array([round(hour * HOUR) for _, hour in pairs], np.int64))


@pytest.mark.parametrize(
    ("hour", "announces"),
    [(7.99, False), (8, True), (20, True), (23, True), (23.01, False)],
)
def test_an_alert_announces_from_12_hours_before_to_3_hours_after_an_outcome(hour, announces):
    found = performance(at((1, hour)), at((1, 20)))
    assert found.sensitivity == Proportion(int(announces), 1)
    assert found.ppv == Proportion(int(announces), 1)


def test_an_alert_announces_nothing_of_another_patient():
    found = performance(at((2, 19)), at((1, 20)))
    assert (found.sensitivity.count, found.ppv.count, found.ppv_stays.count) == (0, 0, 0)


def test_ppv_counts_alerts_and_ppv_of_stays_counts_patients():
    alerts = at((1, 1), (1, 15), (1, 18), (2, 5), (3, 5))
    found = performance(alerts, at((1, 20), (3, 90)))
    assert found.sensitivity == Proportion(1, 2)
    assert found.ppv == Proportion(2, 5)
    assert found.ppv_stays == Proportion(2, 3)


def test_lead_is_from_the_first_announcing_alert_and_negative_after_the_outcome():
    early = performance(at((1, 1), (1, 15), (1, 18)), at((1, 20)))
    assert early.lead_hours.median == 5
    late = performance(at((1, 22)), at((1, 20)))
    assert late.lead_hours.median == -2


def test_lead_to_an_antibiotic_is_from_first_to_first_of_patients_who_have_both():
    found = lead_to_first(at((1, 10), (1, 30), (2, 5)), at((1, 14), (1, 11), (3, 1)))
    assert (found.n, found.median) == (1, 1)


def test_without_alerts_or_outcomes_no_share_is_known():
    found = performance(at(), at())
    assert (found.sensitivity.share, found.ppv.share, found.ppv.interval) == (None, None, None)
    assert found.lead_hours.median is None


def test_wilsons_interval_is_the_published_one():
    # Newcombe, Stat Med 1998;17:857, table I: 81 of 263 gives 0.2553 to 0.3662.
    low, high = Proportion(81, 263).interval
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert Proportion(0, 20).interval[0] == 0
    assert Proportion(20, 20).interval[1] == 1


def test_quartiles_of_nothing_are_not_known():
    assert spread([]).to_json() == {"n": 0, "q1": None, "median": None, "q3": None}


TIMES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60)), max_size=12)


@settings(max_examples=100)
@given(TIMES, TIMES)
def test_shares_equal_those_counted_pair_by_pair(alerts, outcomes):
    found = performance(at(*alerts), at(*outcomes))

    def near(alert, outcome):
        since = (outcome[1] - alert[1]) * HOUR
        return alert[0] == outcome[0] and -WINDOW.late <= since <= WINDOW.early

    detected = sum(any(near(one, other) for one in alerts) for other in outcomes)
    hits = sum(any(near(one, other) for other in outcomes) for one in alerts)
    assert found.sensitivity == Proportion(detected, len(outcomes))
    assert found.ppv == Proportion(hits, len(alerts))


@settings(max_examples=50)
@given(TIMES, TIMES)
def test_windows_hold_exactly_the_points_between_their_ends(points, windows):
    known = at(*points)
    low = np.array([hour * HOUR for _, hour in windows], np.int64)
    who = np.array([patient for patient, _ in windows], np.int64)
    first, beyond = bounds(known, who, low, low + 5 * HOUR)
    for place, (patient, hour) in enumerate(windows):
        inside = [one for one in points if one[0] == patient and hour <= one[1] <= hour + 5]
        assert beyond[place] - first[place] == len(inside)
