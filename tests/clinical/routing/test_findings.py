"""What is unwise in routes: found, and not found where it is not."""

from datetime import timedelta

import pytest

from clinical.routing import parse
from clinical.routing.findings import findings
from tests.clinical.routing.trees import HOSPITAL, NOW, hospital


def _found(routes, level="problem", now=NOW):
    return [(one.place, one.told) for one in findings(routes, now) if one.level == level]


def _problems(*routes, text=HOSPITAL):
    return [f"{place}: {told}" for place, told in _found(hospital(*routes, text=text))]


def test_hospital_of_the_tests_has_no_problem():
    assert _problems() == []


def test_chain_that_pages_nobody_is_a_problem():
    (problem,) = _problems(
        text=HOSPITAL.replace("receivers: [pager, board]", "receivers: board").replace(
            "receivers: mail}", "receivers: board}"
        )
    )[:1]
    assert problem.startswith("chains ward: ")


def test_person_who_has_no_receiver_that_pages_is_a_problem():
    text = HOSPITAL.replace("cleo: {}", "cleo: {board: null}")
    assert [one.partition(":")[0] for one in _problems(text=text)] == ["people.cleo"]


def test_cap_whose_overflow_is_only_shown_is_a_problem():
    shown = HOSPITAL.replace("pages: 5}", "pages: 5, overflow: nurse}")
    (problem,) = _problems(text=shown)
    assert problem.startswith("roles.doctor: what overflows goes to nurse")
    next_is_shown = HOSPITAL.replace(
        "{tell: [chief, doctor], after: 15m}", "{tell: nurse, after: 15m}"
    )
    assert [one.partition(":")[0] for one in _problems(text=next_is_shown)] == ["roles.doctor"]


def test_mail_without_an_address_is_a_problem_for_roles_and_for_people_also_as_a_fallback():
    text = HOSPITAL.replace(", address: ward@example", "")
    assert [one.partition(": ")[0] for one in _problems(text=text)] == [
        "roles.doctor, receiver mail",
        "roles.chief, receiver mail",
        "people.ben, receiver mail",
    ]


@pytest.mark.parametrize(
    ("match", "near"),
    [
        ("{family: news}", "the nearest is `news2`"),
        ("{family: critical_result}", "the nearest is `critical_"),
        ("{rule: news2_urgnt}", "the nearest is `news2_urgent`"),
        ("{role: ordering}", "the nearest is `ordering_clinician`"),
        ("{family: 'x*'}", "never matches"),
    ],
)
def test_name_that_no_alert_has_is_a_problem(match, near):
    (problem,) = _problems(f"{{match: {match}, chain: icu}}")
    assert near in problem


@pytest.mark.parametrize(
    "match",
    [
        "{family: [news2, 'critical_*']}",
        "{rule: news2_urgent}",
        "{role: unit}",
        "{technical: true, rule: feed_silent}",
    ],
)
def test_name_that_alerts_have_is_none(match):
    assert _problems(f"{{match: {match}, chain: icu}}") == []


def test_route_after_one_that_takes_everything_is_a_problem():
    (problem,) = _problems("{name: all}", "{name: late, match: {unit: ICU}}")
    assert problem == "late: it is never reached: `all` before it takes every alert"
    assert _problems("{name: all, continue: true}", "{name: late, match: {unit: ICU}}") == []


def test_continue_with_nothing_to_go_on_to_is_noted():
    places = [place for place, _ in _found(hospital("{name: a, continue: true}"), "note")]
    assert "a" in places


def test_what_nothing_uses_is_noted():
    noted = dict(_found(hospital(), "note"))
    assert {"chains.icu", "chains.note"} <= set(noted)
    assert not {"chains.ward", "receivers.mail", "people.anna", "roles.chief"} & set(noted)


def test_hours_in_which_nobody_has_a_duty_are_noted():
    (told,) = [told for place, told in _found(hospital(), "note") if place == "schedules.empty"]
    assert "672 hours of the coming 28 days, first on 2026-01-16 04:00 GMT" in told
    assert "schedules.nurses" not in dict(_found(hospital(), "note"))


def test_schedule_that_begins_later_is_noted_until_then():
    before = NOW - timedelta(days=400)
    assert "schedules.doctors" in dict(_found(parse(HOSPITAL), "note", before))
