"""The audit in a real store: durable with the act it is about, and missed where it was touched.

Here: entries as they were written and read. Not here: laws of the chain (test_chain.py).
"""

import threading

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from sqlalchemy import delete, update

from streaming.desk.auditing import records
from streaming.desk.auditing.anchors import EVERY, Anchors
from streaming.desk.auditing.chain import Record, first_fault
from streaming.desk.auditing.fhir_events import audit_event
from streaming.desk.auditing.tables import AUDIT
from streaming.desk.store.writing import writing
from tests.streaming.desk.desks import START, desk_at


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path) as made:
        yield made


def _record(action="alert.read", **said):
    values = {"who": "ada", "outcome": "ok", "where": "GET /alerts/{alert_id}", "why": None}
    return Record(at=START, action=action, **(values | said))


def _fault(desk, anchors=None):
    head = records.head(desk.engine)
    return first_fault(records.entries(desk.engine), head, anchors)


def test_entries_come_back_as_they_were_written_and_their_chain_holds(desk):
    records.record(desk.engine, _record(alerts=("b", "a"), patients=("BETH/7",), why="ö"))
    (entry,) = records.entries(desk.engine)
    assert (entry.alerts, entry.patients, entry.why) == (("b", "a"), ("BETH/7",), "ö")
    assert _fault(desk) is None


def test_what_no_store_can_hold_is_replaced_before_it_is_hashed(desk):
    records.record(desk.engine, _record("login", why="a\0b\ud800"))
    (entry,) = records.entries(desk.engine)
    assert entry.why == "a\N{REPLACEMENT CHARACTER}b?"
    assert _fault(desk) is None


def test_an_entry_falls_with_the_act_that_it_is_about(desk):
    def fails():
        with writing(desk.engine) as connection:
            records.write(connection, _record("alert.acknowledge"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert list(records.entries(desk.engine)) == []
    assert _fault(desk) is None


def test_many_at_once_make_one_chain_without_gaps(desk):
    def write():
        for _ in range(20):
            records.record(desk.engine, _record())

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.number for entry in records.entries(desk.engine)] == list(range(1, 81))
    assert _fault(desk) is None


def test_a_row_that_was_edited_or_taken_off_the_end_is_named(desk):
    records.record(desk.engine, *(_record(f"act-{place}") for place in range(5)))
    with writing(desk.engine) as connection:
        connection.execute(update(AUDIT).where(AUDIT.c.number == 3).values(who="bob"))
    assert _fault(desk).number == 3
    with writing(desk.engine) as connection:
        connection.execute(update(AUDIT).where(AUDIT.c.number == 3).values(who="ada"))
        connection.execute(delete(AUDIT).where(AUDIT.c.number == 5))
    assert _fault(desk).number == 5


def test_anchors_are_kept_now_and_then_and_are_read_back(tmp_path, desk):
    anchors = Anchors(tmp_path)
    for _ in range(EVERY + 1):
        anchors.keep(records.record(desk.engine, _record()))
    kept = anchors.kept()
    assert list(kept) == [1, EVERY]
    assert _fault(desk, kept) is None
    assert _fault(desk, {EVERY: "0" * 64}).number == EVERY


@pytest.mark.parametrize(
    "action", ["login", "logout", "refusal", "glass.break", "alert.read", "alert.acknowledge"]
)
@pytest.mark.parametrize("outcome", ["ok", "refused", "failed"])
def test_every_entry_is_a_valid_audit_event_of_fhir(desk, action, outcome):
    said = {"outcome": outcome, "patients": ("BETH/7",), "alerts": ("a",), "why": "because"}
    records.record(desk.engine, _record(action, **said))
    (entry,) = records.entries(desk.engine)
    event = AuditEvent.model_validate(audit_event(entry))
    assert event.recorded == START
    assert [one.what.identifier.value for one in event.entity[:2]] == ["BETH/7", "a"]
