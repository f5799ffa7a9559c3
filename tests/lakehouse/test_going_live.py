"""Of which rules people are told, as the ledger of alerts stands: both sides of every state."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.batch.migration import ALERT_LEDGER
from lakehouse.going_live import EVERY_UNIT, TOLD, UNTOLD, GoingLive, going_live
from orchestration.migration.alert_states import AlertState

STATES = [str(state) for state in AlertState]


def _ledger(*lines):
    """The ledger with these lines, each of a family, a unit, and its states one after the other."""
    entries = [
        {"rule": rule, "unit": unit, "number": number, "to_state": state}
        for rule, unit, *states in lines
        for number, state in enumerate(states, 1)
    ]
    names = ("rule", "unit", "number", "to_state")
    schema = pa.schema([ALERT_LEDGER.schema.field(name) for name in names])
    return going_live(pa.Table.from_pylist(entries, schema))


def test_every_state_of_the_ledger_tells_or_does_not():
    assert set(STATES) == TOLD | UNTOLD
    assert not TOLD & UNTOLD


@pytest.mark.parametrize("unit", ["W7", None])
def test_family_without_a_line_is_told_of(unit):
    assert GoingLive().tells("sepsis", unit)
    assert _ledger(("news2", EVERY_UNIT, "draft")).tells("sepsis", unit)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("line", ["W7", EVERY_UNIT])
def test_state_of_the_unit_else_of_every_unit_decides(state, line):
    ledger = _ledger(("sepsis", line, state))
    assert ledger.tells("sepsis", "W7") == (state in TOLD)
    assert ledger.tells("news2", "W7")


@pytest.mark.parametrize(("own", "every"), [("live", "silent"), ("silent", "live")])
def test_line_of_the_unit_outranks_that_of_every_unit(own, every):
    ledger = _ledger(("sepsis", "W7", own), ("sepsis", EVERY_UNIT, every))
    assert ledger.tells("sepsis", "W7") == (own == "live")
    assert ledger.tells("sepsis", "W8") == ledger.tells("sepsis", None) == (every == "live")


def test_last_entry_of_a_line_counts():
    assert not _ledger(("sepsis", "W7", "draft", "silent", "pilot", "silent")).tells("sepsis", "W7")
    assert _ledger(("sepsis", "W7", "draft", "silent", "pilot")).tells("sepsis", "W7")


@pytest.mark.parametrize("states", [("pilot",), ("pilot", "live")])
def test_what_goes_live_by_unit_is_told_of_there_and_where_the_unit_is_not_known(states):
    ledger = _ledger(("sepsis", "W7", *states))
    assert [ledger.tells("sepsis", unit) for unit in ("W7", "W8", None)] == [True, False, True]


def test_what_is_silent_in_one_unit_is_told_of_in_others():
    assert _ledger(("sepsis", "W7", "silent")).tells("sepsis", "W8")


def test_state_of_a_newer_release_keeps_nothing_from_people():
    assert _ledger(("sepsis", "W7", "canary")).tells("sepsis", "W7")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["W7", "W8", EVERY_UNIT]), st.sampled_from(STATES))))
def test_other_families_never_change_what_is_told_of_one(lines):
    others = _ledger(*(("news2", unit, state) for unit, state in dict(lines).items()))
    assert all(others.tells("sepsis", unit) for unit in ("W7", "W8", None))
