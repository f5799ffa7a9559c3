"""Alerts of the past replayed: who would have been told, counted by hand and by law."""

from operator import itemgetter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.alerts import SEVERITIES
from tests.clinical.routing.replays import LATE, NEVER, SOON, lived_through, raised_as, tellings


def test_alert_that_is_taken_soon_is_told_once():
    assert tellings(lived_through(raised_as())) == [(0, "anna", "a1")]


def test_alert_that_is_taken_late_escalates_until_then():
    told = tellings(lived_through(raised_as(), answers=LATE))
    assert told == [(0, "anna", "a1"), (5, "cleo", "a1")]


def test_alert_that_nobody_takes_is_told_until_it_is_given_up():
    told = tellings(lived_through(raised_as(), answers=NEVER))
    assert told[:3] == [(0, "anna", "a1"), (5, "cleo", "a1"), (15, "chief", "a1")]
    assert [at for at, who, _ in told if who == "chief"] == list(range(15, 720, 10))


@pytest.mark.parametrize("minutes", [1, 30], ids=["untaken", "taken"])
def test_worse_of_the_same_episode_is_told_again_and_is_no_case_of_its_own(minutes):
    worse = raised_as(2, "critical", minutes, episode="e", patient="a1")
    told = tellings(lived_through(raised_as(episode="e"), worse))
    assert told == [(0, "anna", "a1"), (minutes, "anna", "a2")]


def test_what_a_worse_alert_hides_is_told_when_that_is_closed():
    shock = raised_as(1, "critical", rule_family="septic_shock", patient="p")
    hidden = raised_as(2, "high", 1, rule_family="news2", patient="p")
    simulation = lived_through(shock, hidden)
    assert tellings(simulation) == [(0, "anna", "a1"), (3 + 240, "ben", "a2")]
    assert "inhibited" in {one.verdict for one in simulation.planned}


def test_quiet_hours_put_the_telling_off_and_the_answer_with_it():
    assert tellings(lived_through(raised_as(1, "low"))) == [(180, "ben", "a1")]


def test_page_rings_and_a_look_at_the_board_does_not():
    simulation = lived_through(raised_as(unit="ICU"), answers=LATE)
    assert [(one.who, one.is_page) for one in simulation.told] == [("nurse", False), ("cleo", True)]


def test_pages_of_a_shift_overflow_and_the_next_shift_begins_at_none():
    alerts = [raised_as(number, minutes=number * 10) for number in range(5)]
    simulation = lived_through(*alerts, raised_as(9, minutes=200))
    who = [one for _, one, _ in tellings(simulation)]
    assert who == ["anna"] * 3 + ["cleo"] * 2 + ["ben"]
    assert [one.target.overflowed_from for one in simulation.told][3:5] == ["anna", "anna"]


_NIGHTS = st.lists(
    st.tuples(
        st.integers(0, 600),
        st.sampled_from(SEVERITIES),
        st.sampled_from(["p", "q"]),
        st.sampled_from(["news2", "septic_shock", "kdigo"]),
        st.sampled_from(["MED", "ICU", None]),
    ),
    max_size=8,
).map(lambda rows: sorted(rows, key=itemgetter(0)))


@settings(max_examples=60, deadline=None)
@given(_NIGHTS, st.sampled_from([SOON, LATE, NEVER]))
def test_every_episode_is_told_to_somebody_or_kept_back_for_one_that_is(rows, answers):
    alerts = [
        raised_as(
            *(number, severity, minutes, patient + family),
            patient=patient,
            rule_family=family,
            unit=unit,
        )
        for number, (minutes, severity, patient, family, unit) in enumerate(rows)
    ]
    simulation = lived_through(*alerts, answers=answers)
    told = {one.subject.alert_id for one in simulation.told}
    # What is grouped goes with what the same people were told of the same patient just before.
    kept = {"inhibited", "grouped"}
    hidden = {one.subject.alert_id for one in simulation.planned if one.verdict in kept}
    critical = {one.subject.alert_id for one in alerts if one.subject.severity == "critical"}
    assert critical <= told | hidden
    assert {one.episode for one in alerts if one.subject.alert_id in told | hidden} == {
        one.episode for one in alerts
    }
    assert [one.at for one in simulation.told] == sorted(one.at for one in simulation.told)


@pytest.mark.parametrize("answers", [SOON, LATE, NEVER], ids=["soon", "late", "never"])
def test_replaying_twice_tells_the_same(answers):
    alerts = [raised_as(number, minutes=number) for number in range(6)]
    first, second = (tellings(lived_through(*alerts, answers=answers)) for _ in range(2))
    assert first == second
