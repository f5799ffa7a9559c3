"""Two versions' alerts: which are the same, shifted, or in one alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.evaluation.comparing import KINDS, Sent, counted, differences, same_within

MINUTE = 60_000_000
HOUR = 60 * MINUTE


def sent(at: int, band: int = 1, patient: str = "a", family: str = "news2") -> Sent:
    return Sent(patient, family, at, band, f"rule {band}")


def kinds(new: list[Sent], against: list[Sent]) -> list[str]:
    return [one.kind for one in differences(new, against)]


def test_the_same_alert_at_another_minute_is_earlier_or_later():
    [found] = differences([sent(10 * MINUTE)], [sent(30 * MINUTE)])
    assert (found.kind, found.minutes, found.changes_band) == ("earlier", -20, False)
    assert kinds([sent(31 * MINUTE)], [sent(30 * MINUTE)]) == ["later"]
    assert kinds([sent(30 * MINUTE)], [sent(30 * MINUTE)]) == ["same"]


def test_an_alert_that_only_one_version_sends_stands_alone():
    assert kinds([sent(0)], []) == ["only_new"]
    [alone] = differences([], [sent(0)])
    assert (alone.kind, alone.minutes, alone.new) == ("only_against", None, None)


@pytest.mark.parametrize(
    ("family", "lasts"), [("news2", 24), ("kdigo", 72), ("critical_result", 72), ("gone", 24)]
)
def test_alerts_further_apart_than_an_episode_of_their_family_are_two(family, lasts):
    first, near = sent(0, family=family), sent(lasts * HOUR, family=family)
    assert kinds([first], [near]) == ["earlier"]
    far = sent(lasts * HOUR + 1, family=family)
    assert sorted(kinds([first], [far])) == ["only_against", "only_new"]


def test_nearest_alerts_are_paired_first():
    found = differences([sent(0), sent(100)], [sent(101)])
    assert [(one.kind, one.new and one.new.at) for one in found] == [
        ("earlier", 100),
        ("only_new", 0),
    ]


def test_another_band_at_the_same_time_is_told():
    [found] = differences([sent(0, band=3)], [sent(0, band=2)])
    assert (found.kind, found.changes_band) == ("same", True)


def test_patients_and_families_are_not_mixed():
    assert sorted(kinds([sent(0)], [sent(0, patient="b"), sent(0, family="sepsis")])) == [
        "only_against",
        "only_against",
        "only_new",
    ]


ALERTS = st.lists(
    st.builds(
        sent, st.integers(0, 3).map(lambda n: n * same_within("news2") // 2), st.integers(1, 3)
    ),
    max_size=6,
)


@settings(max_examples=80)
@given(ALERTS, ALERTS)
def test_every_alert_of_both_sides_is_told_of_once(new, against):
    found = differences(new, against)
    assert sorted(one.new for one in found if one.new) == sorted(new)
    assert sorted(one.against for one in found if one.against) == sorted(against)
    counts = counted(found).get("news2", dict.fromkeys(KINDS, 0))
    assert sum(counts.values()) == len(found)


@settings(max_examples=40)
@given(ALERTS)
def test_a_version_held_against_itself_differs_in_nothing(alerts):
    assert {one.kind for one in differences(alerts, alerts)} <= {"same"}
    assert not any(one.changes_band for one in differences(alerts, alerts))
