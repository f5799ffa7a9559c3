"""Sepsis-3 onset: the window of each reading on both sides, and what dates it."""

import numpy as np
import pytest

from clinical.adjudication.sepsis3 import READINGS, onsets
from clinical.adjudication.suspicion import CHOICES, suspected
from tests.clinical.adjudication.timelines import (
    VISIT,
    ZONE,
    culture,
    dose,
    hours_of,
    sofa,
    told,
)

# Suspected at hour 0 by every reading: a culture, and an antibiotic that goes on for three days.
INFECTED = told([culture(0)], [dose(1, until=73), dose(9)])


def onset(variant, totals, evidence=INFECTED):
    judged = suspected(evidence, CHOICES[variant], ZONE)
    [found] = onsets(judged, sofa(totals), READINGS[variant], [VISIT])
    return found


@pytest.mark.parametrize(
    ("variant", "edge", "beyond"),
    [
        ("seymour2016", -48, -49),
        ("seymour2016", 24, 25),
        ("mimic_code", -48, -49),
        ("mimic_code", 24, 25),
        ("ricu_sep3", 24, 25),
        ("cinc2019", -24, -25),
        ("cinc2019", 12, 13),
    ],
)
def test_dysfunction_counts_up_to_the_edge_of_its_window(variant, edge, beyond):
    for hour, is_met in ((edge, True), (beyond, False)):
        # The hour before is 0, and after it all is well again, so that no other hour counts.
        totals = {hour - 1: 0, hour: 2, hour + 1: 0, -100: 0, 60: 0, 0: 0}
        assert onset(variant, totals).is_met is is_met


def test_rise_of_ricu_needs_a_lower_hour_within_the_window():
    assert onset("ricu_sep3", {-48: 0, -47: 2}).is_met
    assert onset("ricu_sep3", {-49: 0, -48: 2, -47: 2}).reason == "no_rise"


@pytest.mark.parametrize("variant", READINGS)
def test_one_point_is_no_dysfunction_and_two_are(variant):
    assert onset(variant, {-10: 0, -2: 1, 3: 1}).reason == "no_rise"
    assert onset(variant, {-10: 0, -2: 1, 3: 2}).is_met


@pytest.mark.parametrize("variant", READINGS)
def test_without_any_hour_in_the_window_nothing_is_said_of_a_rise(variant):
    assert onset(variant, {-100: 5}).reason == "no_sofa"


def test_baseline_tells_the_readings_apart():
    # Six points the day before the window, six throughout: dysfunction that the infection found.
    steady = dict.fromkeys(range(-60, 30), 6)
    assert onset("mimic_code", steady).is_met
    assert onset("seymour2016", steady).reason == "no_rise"
    assert onset("ricu_sep3", steady).reason == "no_rise"
    assert onset("cinc2019", steady).reason == "no_rise"
    # The same six without anything known before: the consensus assumes 0.
    unknown = dict.fromkeys(range(-2, 30), 6)
    found = onset("seymour2016", unknown)
    assert (found.is_met, found.baseline, found.total) == (True, 0, 6)
    assert onset("ricu_sep3", unknown).reason == "no_rise"


@pytest.mark.parametrize(("gap", "baseline"), [(24, 3), (25, 0)])
def test_baseline_is_a_total_of_the_day_before_the_window(gap, baseline):
    found = onset("seymour2016", {-48 - gap: 3, -48: 5})
    assert (found.baseline, found.is_met) == (baseline, True)


@pytest.mark.parametrize(("hours", "is_met"), [(24, True), (25, False)])
def test_challenge_wants_two_points_within_24_hours(hours, is_met):
    assert onset("cinc2019", {5 - hours: 1, 0: 3, 5: 3} | {-1: 2}).is_met
    assert onset("cinc2019", {-20: 1, 4 - hours: 1, 4: 3} | {-19: 2}).is_met
    slow = {5 - hours: 1, 5 - hours + 1: 2, 4: 2, 5: 3}
    assert onset("cinc2019", slow).is_met is is_met


def test_each_reading_dates_the_onset_in_its_own_way():
    totals = {-30: 0, -10: 0, -6: 2, 2: 4}
    dated = {variant: hours_of(onset(variant, totals).onset_at) for variant in READINGS}
    assert dated == {"seymour2016": 0, "mimic_code": 0, "ricu_sep3": -6, "cinc2019": -6}
    later = {-30: 0, -10: 0, 8: 2}
    dated = {variant: hours_of(onset(variant, later).onset_at) for variant in READINGS}
    assert dated == {"seymour2016": 0, "mimic_code": 0, "ricu_sep3": 8, "cinc2019": 0}
    assert hours_of(onset("mimic_code", later).dysfunction_at) == 8


def test_ricu_looks_at_the_first_suspicion_alone():
    twice = told([culture(0), culture(200)], [dose(1), dose(9), dose(201), dose(209)])
    second = {-10: 0, 0: 0, 190: 0, 205: 4}
    assert onset("ricu_sep3", second, twice).reason == "no_rise"
    assert hours_of(onset("seymour2016", second, twice).onset_at) == 200


def test_onset_is_known_when_culture_drug_and_sofa_were():
    late = told([culture(0, known=3)], [dose(1), dose(9)])
    assert hours_of(onset("mimic_code", {2: 2}, late).known_at) == 3
    assert hours_of(onset("mimic_code", {20: 2}, late).known_at) == 20


def test_visit_without_a_pair_of_its_own_says_so():
    judged = suspected(INFECTED, CHOICES["mimic_code"], ZONE)
    found = onsets(judged, sofa({0: 2}), READINGS["mimic_code"], ["V0", VISIT])
    assert {one.encounter: one.reason for one in found} == {"V0": "other_visit", VISIT: None}


def test_hours_do_not_depend_on_the_order_in_which_they_are_told():
    totals = {hour: abs(hour) % 7 for hour in range(-50, 30)}
    turned = dict(reversed(totals.items()))
    assert np.array_equal(sofa(totals).total, sofa(turned).total)
