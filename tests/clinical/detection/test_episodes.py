"""One alert per patient, family and band; only worsening alerts again; contexts suppress."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.concepts import CONCEPTS
from clinical.detection.episodes import Episodes, Held, Key
from tests.clinical.detection.ward import Ward

COMFORT_CARE = CONCEPTS["code_status"].answers["comfort_care"]
HOUR = 3_600_000_000


def _news2(ward: Ward, *columns: str) -> list[tuple[Any, ...]]:
    told = ward.told("rule_family", *columns)
    return [rest for family, *rest in told if family == "news2"]


def test_the_same_band_again_is_no_news() -> None:
    ward = Ward()
    for hours in range(5):
        ward.chart(hours, heart_rate=140 + hours)
    assert _news2(ward, "band") == [[1]]


def test_worsening_alerts_again_within_the_episode() -> None:
    ward = Ward()
    ward.chart(0, heart_rate=140)
    ward.chart(1, systolic_bp=85)
    ward.chart(2, systolic_bp=120)
    ward.chart(3, systolic_bp=84)
    ward.chart(4, respiratory_rate=26)
    assert _news2(ward, "band") == [[1], [2], [3]]
    assert len({episode for [episode] in _news2(ward, "episode_id")}) == 1


def test_after_a_day_without_it_the_same_finding_is_a_new_episode() -> None:
    ward = Ward()
    ward.chart(0, heart_rate=140)
    ward.chart(1, heart_rate=80)
    ward.chart(24.5, heart_rate=141)
    ids = [episode for [episode] in _news2(ward, "episode_id")]
    assert len(ids) == len(set(ids)) == 2


@pytest.mark.parametrize(("hours", "episodes"), [(72.0, 1), (72.1, 2)])
def test_a_finding_of_the_laboratory_lasts_three_days_without_it(
    hours: float, episodes: int
) -> None:
    ward = Ward()
    ward.chart(0, creatinine=1, potassium=7.9)
    ward.chart(1, creatinine=3.5)
    ward.chart(hours, potassium=7.7)
    ward.chart(1 + hours, creatinine=3.5)
    for family in ("kdigo", "critical_potassium"):
        found = [row for row in ward.alerts if row["rule_family"] == family]
        assert len({row["episode_id"] for row in found}) == len(found) == episodes


def test_a_withdrawn_value_closes_what_rested_on_it_and_the_next_true_one_alerts() -> None:
    ward = Ward()
    ward.chart(0, potassium=7.9)
    ward.chart(0, withdrawn=True, potassium=7.9)
    ward.chart(1.5, potassium=7.7)
    assert ward.told("rule") == [("critical_result",)] * 2
    assert len({alert["episode_id"] for alert in ward.alerts}) == 2


def test_a_correction_to_a_lower_band_lets_a_true_worsening_through() -> None:
    ward = Ward()
    ward.chart(0, heart_rate=140, systolic_bp=80, respiratory_rate=30)
    ward.chart(0, systolic_bp=120, respiratory_rate=16)
    ward.chart(2, systolic_bp=80, respiratory_rate=30)
    assert _news2(ward, "band") == [[3], [3]]


def test_a_correction_to_a_higher_band_alerts() -> None:
    ward = Ward()
    ward.chart(0, heart_rate=140)
    ward.chart(0, heart_rate=140, systolic_bp=120)
    ward.chart(0, systolic_bp=80, respiratory_rate=30)
    assert _news2(ward, "band") == [[1], [3]]


def test_comfort_care_that_nobody_confirms_ends() -> None:
    ward = Ward()
    ward.chart(0, code_status=COMFORT_CARE)
    ward.chart(24 * 8, heart_rate=140)
    assert _news2(ward, "status") == [["raised"]]


def test_one_wrong_clock_does_not_disarm_the_other_patients() -> None:
    ward = Ward()
    ward.chart(0, "p2", respiratory_rate=26, spo2=90)
    ward.chart(24 * 365, "p1", heart_rate=80)
    ward.chart(1, "p2", heart_rate=135)
    assert [score["observed"] for score in ward.scores if score["score"] == "news2"][-1] == 9


def test_comfort_care_suppresses_and_the_row_says_so() -> None:
    ward = Ward()
    ward.chart(0, code_status=COMFORT_CARE)
    ward.chart(1, heart_rate=140)
    ward.chart(2, heart_rate=141)
    assert _news2(ward, "status", "suppressed_by") == [["suppressed", "comfort_care"]]


def test_lifting_comfort_care_lets_the_alert_through() -> None:
    ward = Ward()
    ward.chart(0, code_status=COMFORT_CARE)
    ward.chart(1, heart_rate=140)
    ward.chart(2, code_status=0)
    ward.chart(3, heart_rate=141)
    assert [status for (status,) in ward.told("status")] == ["suppressed", "raised"]


def test_a_merge_carries_facts_and_the_open_episode_to_the_survivor() -> None:
    ward = Ward()
    ward.chart(0, "old", heart_rate=140)
    ward.merge(1, retired="old", surviving="new")
    ward.chart(2, "new", heart_rate=141)
    ward.chart(3, "new", systolic_bp=85)
    # A late message under the retired number finds the survivor.
    ward.chart(4, "old", respiratory_rate=26)
    assert ward.told("patient_id", "band") == [("old", 1), ("new", 2), ("new", 3)]
    assert len({alert["episode_id"] for alert in ward.alerts}) == 1


def test_who_was_taken_for_another_is_told_of_anew_once_they_part() -> None:
    ward = Ward()
    ward.chart(0, "one", heart_rate=140)
    ward.chart(0, "other", heart_rate=80)
    ward.merge(1, retired="one", surviving="other")
    ward.chart(2, "other", heart_rate=85, systolic_bp=85)
    ward.merge(3, retired="one", surviving="other", event="unmerge")
    # Its own episode goes on: nothing new is told of it.
    ward.chart(4, "one", heart_rate=141)
    # The joint episode hid that the pressure is the other's own: that is an alert now.
    ward.chart(5, "other", heart_rate=86)
    assert ward.told("patient_id", "band") == [("one", 1), ("other", 1)]


def test_an_alert_says_where_the_patient_lay() -> None:
    ward = Ward()
    ward.move(0, "MICU")
    ward.chart(1, heart_rate=140)
    ward.move(2, "SICU")
    ward.chart(3, systolic_bp=85)
    assert ward.told("unit") == [("MICU",), ("SICU",)]


moments = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from([0, 1, 23, 24, 25, 30])),
    max_size=40,
)


@given(moments, st.integers(0, 40), st.sampled_from([24 * HOUR, 30 * HOUR]))
def test_episodes_are_those_of_the_plain_rule_however_moments_are_cut(
    found: list[tuple[int, int, int]], cut: int, ends_after: int
) -> None:
    keys = [Key(f"p{number}", "news2", None) for number in range(3)]
    now, rows = 0, []
    for patient, band, hours in found:
        now += hours * HOUR
        rows.append((patient, band, now))
    episodes = Episodes()
    told = []
    for part, base in ((rows[:cut], 0), (rows[cut:], cut)):
        columns = np.array(part, np.int64).reshape(-1, 3).T
        told += episodes.observe(
            keys, Held(*columns, ends_after), range(base, base + len(part)), str
        )
    assert told == _plainly(rows, ends_after)


def _plainly(rows: list[tuple[int, int, int]], ends_after: int) -> list[tuple[int, str]]:
    """The rule, read aloud: alert when nothing was open for so long, or when it got worse."""
    open_: dict[int, list[Any]] = {}
    told = []
    for place, (patient, band, now) in enumerate(rows):
        known = open_.get(patient)
        if known is None or now - known[2] > ends_after:
            known = open_[patient] = [str(place), 0, now]
        if band > known[1]:
            told.append((place, known[0]))
        open_[patient] = [known[0], max(band, known[1]), now]
    return told
