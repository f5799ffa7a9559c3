"""Suspected infection: each window on both sides of its edge, in each reading."""

from dataclasses import replace

import pytest

from clinical.adjudication.courses import LONGEST_PAUSE
from clinical.adjudication.suspicion import CHOICES, suspected
from tests.clinical.adjudication.timelines import (
    HOUR,
    ZONE,
    culture,
    dose,
    hours_of,
    told,
)

VARIANTS = ("seymour2016", "mimic_code", "ricu_sep3", "cinc2019")
SECOND = 1 / 3600


def suspicions(variant, cultures, antibiotics):
    return suspected(told(cultures, antibiotics), CHOICES[variant], ZONE)


def times(variant, cultures, antibiotics):
    return [hours_of(one.at) for one in suspicions(variant, cultures, antibiotics).suspicions]


def long_course(first):
    """An intravenous antibiotic for 72 h without a pause, which satisfies every reading."""
    return dose(first, until=first + 72)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("gap", "is_pair"), [(72, True), (72 + SECOND, False)])
def test_antibiotic_within_72_hours_of_a_culture_is_a_suspicion(variant, gap, is_pair):
    assert bool(times(variant, [culture(0)], [long_course(gap)])) is is_pair


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("gap", "is_pair"), [(24, True), (24 + SECOND, False)])
def test_culture_within_24_hours_of_an_antibiotic_is_a_suspicion(variant, gap, is_pair):
    assert bool(times(variant, [culture(gap)], [long_course(0)])) is is_pair


@pytest.mark.parametrize("variant", VARIANTS)
def test_suspicion_is_dated_by_the_earlier_of_culture_and_antibiotic(variant):
    assert times(variant, [culture(3)], [long_course(20), dose(80)])[0] == 3
    assert times(variant, [culture(20)], [long_course(3)])[0] == 3


@pytest.mark.parametrize(
    ("variant", "is_pair"),
    [("seymour2016", True), ("mimic_code", False), ("ricu_sep3", True), ("cinc2019", True)],
)
def test_same_instant_is_no_suspicion_to_mimic_code_alone(variant, is_pair):
    found = suspicions(variant, [culture(3)], [long_course(3)])
    assert bool(found.suspicions) is is_pair
    assert found.reason == (None if is_pair else "same_instant")


def test_one_dose_is_enough_but_for_seymour():
    assert suspicions("mimic_code", [culture(0)], [dose(1)]).reason is None
    assert suspicions("ricu_sep3", [culture(0)], [dose(1)]).reason is None
    assert suspicions("seymour2016", [culture(0)], [dose(1)]).reason == "single_dose"
    assert suspicions("seymour2016", [culture(0)], [dose(1), dose(9)]).reason is None


@pytest.mark.parametrize(("later", "is_enough"), [(72, True), (72 + SECOND, False)])
def test_second_dose_counts_within_72_hours_of_the_first(later, is_enough):
    found = suspicions("seymour2016", [culture(-1)], [dose(0), dose(later)])
    assert (found.reason is None) is is_enough


@pytest.mark.parametrize(("length", "reason"), [(24, None), (24 - SECOND, "single_dose")])
def test_order_that_runs_a_day_is_more_than_one_dose(length, reason):
    ordered = dose(1, until=1 + length, is_given=False)
    assert suspicions("seymour2016", [culture(0)], [ordered]).reason == reason


@pytest.mark.parametrize(("length", "is_met"), [(72, True), (72 - SECOND, False)])
def test_challenge_asks_for_72_consecutive_hours(length, is_met):
    doses = [dose(1), dose(13), dose(30), dose(50), dose(1 + length)]
    found = suspicions("cinc2019", [culture(0)], doses)
    assert (found.reason is None) is is_met
    assert is_met or found.reason == "course_too_short"


@pytest.mark.parametrize("beyond", [0, SECOND])
def test_pause_of_more_than_a_day_ends_a_course(beyond):
    pause = LONGEST_PAUSE / HOUR + beyond
    doses = [dose(0), dose(24), dose(24 + pause), dose(72 + beyond)]
    found = suspicions("cinc2019", [culture(-1)], doses)
    assert (found.reason is None) is (not beyond)


def test_course_is_known_when_it_has_lasted_and_not_when_it_was_ordered():
    ordered = dose(1, until=100, known=1, is_given=False)
    [found] = suspicions("cinc2019", [culture(0)], [ordered]).suspicions
    assert hours_of(found.known_at) == 73


def test_challenge_takes_blood_cultures_and_intravenous_antibiotics_alone():
    urine = [culture(0, is_blood=False)]
    assert suspicions("cinc2019", urine, [long_course(1)]).reason == "no_blood_culture"
    by_mouth = [replace(long_course(1), route="other")]
    unsaid = [replace(long_course(1), route="unknown")]
    for doses in (by_mouth, unsaid):
        found = suspicions("cinc2019", [culture(0)], doses)
        assert found.reason == "no_intravenous_antibiotic"
        assert times("ricu_sep3", urine, doses) == [0]


# Noon is hour 0, so a day begins at -12, 12, 36, 60, 84 ...
@pytest.mark.parametrize(
    ("given", "is_pair"),
    [(-12 + 95.9, True), (-12 + 96, False), (-12, True), (-36, True), (-36 - SECOND, False)],
)
def test_mimic_code_matches_a_culture_of_a_day_by_whole_days(given, is_pair):
    day = [culture(-12, is_day=True)]
    assert bool(times("mimic_code", day, [dose(given)])) is is_pair


def test_others_take_the_day_of_a_culture_for_its_midnight():
    day = [culture(-12, is_day=True)]
    assert times("ricu_sep3", day, [dose(60)]) == [-12]
    assert not times("ricu_sep3", day, [dose(61)])
    assert times("mimic_code", day, [dose(61)]) == [-12]


def test_earliest_culture_before_counts_and_else_the_earliest_after():
    cultures = [culture(0), culture(5), culture(12)]
    [found] = suspicions("ricu_sep3", cultures, [dose(6)]).suspicions
    assert hours_of(found.culture.at) == 0
    [found] = suspicions("ricu_sep3", cultures[1:], [dose(2)]).suspicions
    assert (hours_of(found.culture.at), hours_of(found.at)) == (5, 2)


def test_suspicion_is_known_when_the_last_of_its_rows_was():
    late = suspicions("ricu_sep3", [culture(0, known=9)], [dose(1, known=2)]).suspicions
    assert [hours_of(one.known_at) for one in late] == [9]
    doses = [dose(1), dose(4, known=30)]
    [first, *_] = suspicions("seymour2016", [culture(0)], doses).suspicions
    assert hours_of(first.known_at) == 30
    assert len(set(first.sources)) == 3


@pytest.mark.parametrize(
    ("cultures", "antibiotics", "reason"),
    [
        ([], [dose(0)], "no_culture"),
        ([culture(0)], [], "no_antibiotic"),
        ([culture(0)], [dose(100)], "too_far_apart"),
    ],
)
def test_what_was_wanting_is_named(cultures, antibiotics, reason):
    assert suspicions("mimic_code", cultures, antibiotics).reason == reason
