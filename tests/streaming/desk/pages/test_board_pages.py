"""The board and the wall over HTTP: what is shown to whom, in which order, and what never is."""

import re

import pytest

from streaming.desk.pages.boards import LIMIT, Wanted, board
from streaming.desk.pages.rows import order
from streaming.desk.scopes import Scope
from tests.streaming.desk.desks import START, alert, take_alerts, varied
from tests.streaming.desk.web.logins import audit_of, logged_in

TITLES = re.compile(r'<p class="title">.*?>([^<>]+)</a>')


def titles(answer):
    return TITLES.findall(answer.text)


def test_board_shows_the_viewers_units_worst_first(nurse):
    found = titles(nurse.get("/"))
    assert found == [f"Title of {s}" for s in ("critical", "high", "medium", "low")]


def test_board_of_another_unit_is_refused_and_not_shown_empty(nurse):
    answer = nurse.get("/?unit=SICU")
    assert answer.status_code == 403
    assert "/glass?unit=SICU" in answer.text


def test_board_is_written_into_the_audit_with_every_alert_it_shows(nurse, desk):
    nurse.get("/")
    (entry,) = [one for one in audit_of(desk) if one.action == "board.read"]
    assert len(entry.alerts) == len(entry.patients) == 4


def test_rows_sort_as_the_store_orders_them(desk):
    take_alerts(desk, *varied(100))
    cases = desk.cases.open(Scope(None), limit=1000)
    keys = [
        order(one.severity, one.raised_at, untaken=not one.life.is_taken) + one.alert_id
        for one in cases
    ]
    assert keys == sorted(keys)


def test_long_board_says_how_many_are_below_and_leads_there(nurse, desk):
    take_alerts(desk, *(alert(number, severity="low") for number in range(100, 200)))
    first = nurse.get("/")
    assert len(titles(first)) == LIMIT
    below = re.search(r'href="(\?[^"]+)">44 more', first.text)[1].replace("&amp;", "&")
    assert len(titles(nurse.get(f"/{below}"))) == 44


def test_page_by_htmx_is_the_rows_alone(nurse):
    answer = nurse.get("/", headers={"hx-request": "true"})
    assert answer.text.startswith('<div class="rows"')


def test_empty_board_says_that_quiet_is_not_well(app, desk):
    other = logged_in(app, desk, ["clinician"], ["CCU"])
    assert "Nothing open does not mean that nobody is unwell" in other.get("/").text


def test_wall_shows_no_name_number_birth_date_or_value(nurse):
    page = nurse.get("/wall/MICU").text
    assert "Title of critical" in page
    for secret in ("MRN-", "VISIT-", "131", "born", "name not known", "mimic3-1000"):
        assert secret not in page


def test_wall_of_any_unit_may_be_seen_by_everybody_with_an_account(app, desk):
    engineer = logged_in(app, desk, ["engineer"], [])
    assert "Not mine" in engineer.get("/wall/SICU").text


def test_engineer_sees_no_patient_on_the_board(app, desk):
    engineer = logged_in(app, desk, ["engineer"], ["MICU"])
    assert titles(engineer.get("/")) == []


def test_rehearsal_is_marked_on_every_page(desk, nurse):
    desk.clock.rehearses = True
    for path in ("/", "/wall/MICU", "/silences", "/fatigue"):
        assert "REHEARSAL" in nurse.get(path).text


MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"`{{7*7}}"


def test_markup_in_a_message_is_shown_as_it_is_written(nurse, desk):
    take_alerts(desk, alert(50, title=MARKUP, patient_id=MARKUP, encounter_id=MARKUP))
    for path in ("/", "/wall/MICU", "/alerts/mimic3-1000-50-news2"):
        page = nurse.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "{{7*7}}" in page


@pytest.mark.parametrize("path", ["/", "/alerts/mimic3-1000-1-news2", "/wall/MICU", "/drills"])
def test_no_page_has_script_or_style_of_its_own(app, desk, path):
    lead = logged_in(app, desk, ["lead"], ["MICU"])
    page = lead.get(path).text
    assert re.findall(r"<script(?![^>]* src=)", page) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", page) == []
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page) == []


def test_board_is_of_one_change_and_what_follows_has_a_higher_number(desk):
    before = board(desk, Scope(None), Wanted(), START).change
    take_alerts(desk, alert(60))
    assert board(desk, Scope(None), Wanted(), START).change > before
