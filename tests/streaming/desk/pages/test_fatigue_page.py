"""The load that alerts are: counted from what became of them, against beds that were occupied."""

from datetime import timedelta

import pyarrow as pa
import pytest

from clinical.alerts import Act
from lakehouse.appends import append
from lakehouse.tables import ENCOUNTER_EVENTS
from streaming.desk.pages.bed_days import bed_days
from streaming.desk.pages.fatigue import NONE, fatigue
from streaming.desk.scopes import Scope
from tests.streaming.desk.desks import FEED, START, alert, take_alerts
from tests.streaming.desk.pages.cases import write_message
from tests.streaming.desk.web.logins import logged_in

DAY = timedelta(days=1)


def told(desk, beds=None):
    cases = desk.cases.history(Scope(None), START - DAY, START + DAY)
    entries = desk.cases.entries_of([case.alert_id for case in cases])
    return fatigue(cases, entries, beds or {})


def by_unit(found):
    heads, rows = found.tables[0].heads, found.tables[0].rows
    return {row[0]: dict(zip(heads, row, strict=True)) for row in rows}


def test_alerts_are_counted_against_occupied_beds(desk):
    found = by_unit(told(desk, {"MICU": 8.0}))
    assert (found["MICU"]["Alerts"], found["MICU"]["Per bed-day"]) == ("4", "0.50")


def test_beds_that_nobody_knows_of_give_no_rate(desk):
    assert by_unit(told(desk))["MICU"]["Per bed-day"] == NONE


def test_verdicts_give_the_predictive_value_and_the_reasons(desk):
    for number, act in enumerate(("confirm", "confirm", "decline")):
        reason = "artefact" if act == "decline" else None
        name = f"mimic3-1000-{number}-news2"
        desk.cases.act(name, Act(act, START, by="nurse", reason=reason))
    found = told(desk)
    assert by_unit(found)["MICU"]["PPV"] == "67%"
    assert found.tables[2].rows == (("Wrong reading, or loose sensor", "1"),)


def test_drill_is_not_counted(desk):
    before = told(desk).measures[0].value
    desk.cases.drill("MICU", "critical", "nurse", START)
    assert told(desk).measures[0].value == before


def test_page_shows_the_numbers_to_those_who_may_see_them(app, desk):
    lead = logged_in(app, desk, ["lead"], ["MICU"])
    page = lead.get("/fatigue?days=1").text
    assert "By unit" in page
    assert "MRN-" not in page
    assert logged_in(app, desk, ["privacy"], []).get("/fatigue").status_code == 403


@pytest.fixture
def stay(desk):
    def event(number, kind, at):
        row = dict.fromkeys(ENCOUNTER_EVENTS.schema.names) | {
            "feed": FEED,
            "partition": 1000,
            "offset": number,
            "row": 0,
            "received_at": at,
            "received_date": at.date(),
            "facility": "BETH",
            "patient_id": "MRN-1",
            "encounter_id": "VISIT-1",
            "event": kind,
            "event_at": at,
            "unit": "MICU",
            "patient_class": "I",
        }
        return {name: row[name] for name in ENCOUNTER_EVENTS.schema.names}

    rows = [event(1, "admit", START - 3 * DAY), event(2, "discharge", START - DAY / 2)]
    table = pa.Table.from_pylist(rows, ENCOUNTER_EVENTS.schema)
    append(desk.lake, ENCOUNTER_EVENTS, FEED, 1000, table, 2)
    write_message(desk, 2)


def test_bed_days_are_those_inside_the_time_asked_for(desk, stay):
    assert bed_days(desk.lake, START - 2 * DAY, START) == {"MICU": 1.5}


def test_bed_days_of_a_lake_without_stays_are_none(desk):
    assert bed_days(desk.lake, START - DAY, START) == {}


def test_silenced_rule_is_no_load(desk):
    before = told(desk).measures[0].value
    take_alerts(desk, alert(90, raised_at=START - timedelta(hours=30)))
    assert told(desk).measures[0].value == before
