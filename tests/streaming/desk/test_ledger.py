"""The ledger of alert rules at the desk: what is silent would have fired, and is told to nobody."""

from datetime import UTC, datetime

import pytest

from clinical.alerts import Act
from lakehouse.batch.migration import ALERT_LEDGER
from orchestration.migration.ledger import Entry, append_alert
from streaming.desk.intake.following import Following
from streaming.desk.pages.fatigue import fatigue
from streaming.desk.scopes import Scope
from tests.streaming.desk.desks import START, alert, desk_at, write_alerts

EVERYONE = Scope(None)


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path) as opened:
        yield opened


def _decide(desk, number, state, unit="MICU", family="news2"):
    """Write a decision into the ledger of the desk's lake."""
    append_alert(
        desk.lake,
        Entry(
            line=(family, unit),
            number=number,
            event="promoted",
            from_state=None,
            to_state=state,
            at=datetime(2026, 3, 1, tzinfo=UTC),
            by="a.person",
            reason="agreed",
            rules_version="0" * 16,
        ),
    )


def _asked(desk):
    return {case.patient_id for case in desk.cases.open(EVERYONE)}


@pytest.mark.parametrize(
    ("state", "told"),
    [("draft", False), ("silent", False), ("pilot", True), ("live", True), ("retired", False)],
)
def test_rule_is_told_of_where_it_is_live_or_in_pilot(desk, state, told):
    _decide(desk, 1, state)
    write_alerts(desk.lake, [alert(1)])
    taken = Following(desk).look()
    assert (taken.new, taken.silent) == ((1, 0) if told else (0, 1))
    assert _asked(desk) == ({"MRN-1"} if told else set())


def test_silent_rule_is_stored_as_over_with_its_reason_and_nothing_is_sent(desk):
    _decide(desk, 1, "silent")
    write_alerts(desk.lake, [alert(1)])
    Following(desk).look()
    alert_id = alert(1)["alert_id"]
    case = desk.cases.one(alert_id)
    assert (case.state, case.next_step_at) == ("expired", None)
    assert [(one.event, one.reason) for one in desk.cases.entries(alert_id)][-1] == (
        "expire",
        "silent_rule",
    )
    assert desk.cases.notifications(alert_id) == []
    refused = desk.cases.act(alert_id, Act("acknowledge", START, by="nurse.a")).refusal
    assert refused.why == "closed"


def test_decision_reaches_the_desk_within_seconds(desk):
    following = Following(desk)
    write_alerts(desk.lake, [alert(1)])
    assert following.look().new == 1
    _decide(desk, 1, "silent")
    desk.clock.move(seconds=5)
    write_alerts(desk.lake, [alert(2)])
    assert following.look().silent == 1
    _decide(desk, 2, "live")
    desk.clock.move(seconds=5)
    write_alerts(desk.lake, [alert(3)])
    assert following.look().new == 1
    assert _asked(desk) == {"MRN-1", "MRN-3"}


def test_ledger_that_cannot_be_read_changes_nothing(desk):
    _decide(desk, 1, "silent")
    following = Following(desk)
    write_alerts(desk.lake, [alert(1)])
    assert following.look().silent == 1
    _decide(desk, 2, "live")
    for file in desk.lake.path(ALERT_LEDGER).glob("*.parquet"):
        file.unlink()
    desk.clock.move(seconds=5)
    write_alerts(desk.lake, [alert(2)])
    assert following.look().silent == 1


def test_what_would_have_fired_is_counted_and_is_no_load(desk):
    _decide(desk, 1, "silent", "SICU")
    write_alerts(desk.lake, [alert(1), alert(2, unit="SICU"), alert(3, unit="SICU")])
    Following(desk).look()
    cases = [desk.cases.one(alert(number)["alert_id"]) for number in (1, 2, 3)]
    entries = {case.alert_id: desk.cases.entries(case.alert_id) for case in cases}
    by_unit, *_ = fatigue(cases, entries, {}).tables
    counted = {row[0]: (row[1], row[-1]) for row in by_unit.rows}
    assert counted == {"MICU": ("1", "0"), "SICU": ("0", "2")}
