"""Alerts on their way to people: steps, gates, and that a line is one rule in one unit."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.appends import append
from lakehouse.lake import Lake
from lakehouse.tables import ALERTS, RAW_MESSAGES
from orchestration.migration.alert_states import ASKED, MOVES, AlertEvent, AlertState
from orchestration.migration.alerts import alerts_status, move_alert
from orchestration.migration.entering import Said
from orchestration.migration.errors import MoveError, PromotionRefusedError, UnknownNameError
from orchestration.migration.ledger import alert_entries
from tests.orchestration.migration.evidence import settings_of

SAID = Said("Dr Example", "agreed", datetime(2026, 2, 1, tzinfo=UTC))
LINE = ("sepsis", "MICU/2")


@pytest.fixture
def lake(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    for table in (ALERTS, RAW_MESSAGES):
        row = dict.fromkeys(table.schema.names) | {
            "feed": "adt",
            "partition": 0,
            "offset": 0,
            "row": 0,
            "received_at": datetime(2026, 1, 5, tzinfo=UTC),
            "received_date": date(2026, 1, 5),
        }
        extra = {"rule_family": "sepsis", "status": "raised", "unit": "MICU/2"}
        row |= {"disposition": "parsed"} if table is RAW_MESSAGES else extra
        append(lake, table, "adt", 0, pa.Table.from_pylist([row], table.schema), 0)
    return lake


def _move(lake, event, line=LINE, **more):
    return move_alert(lake, settings_of(lake.root), line, event, SAID, **more)


@given(st.lists(st.sampled_from(list(AlertEvent)), max_size=30))
def test_an_alert_is_live_only_after_it_was_silent_and_in_pilot(events):
    state, seen = AlertState.DRAFT, [AlertState.DRAFT]
    for event in events:
        state = MOVES.get((state, event), state)
        if state is AlertState.LIVE:
            assert {AlertState.SILENT, AlertState.PILOT} <= set(seen)
        seen.append(state)


def test_every_gate_of_a_step_has_to_be_attested_by_name(lake):
    _move(lake, AlertEvent.PROMOTED)
    with pytest.raises(PromotionRefusedError, match=r"A2 is open .* A3 is open"):
        _move(lake, AlertEvent.PROMOTED)
    for gate, asked in ASKED.items():
        if asked.before is AlertState.PILOT:
            _move(lake, AlertEvent.ATTESTED, gate=gate)
    assert _move(lake, AlertEvent.PROMOTED).to_state == AlertState.PILOT
    (line,) = alert_entries(lake).values()
    assert [entry.number for entry in line] == list(range(1, len(line) + 1))


def test_a_silenced_alert_has_to_be_attested_anew(lake):
    _move(lake, AlertEvent.PROMOTED)
    for gate in ("A2", "A3", "A4"):
        _move(lake, AlertEvent.ATTESTED, gate=gate)
    _move(lake, AlertEvent.PROMOTED)
    _move(lake, AlertEvent.SILENCED)
    with pytest.raises(PromotionRefusedError, match="A2 is open"):
        _move(lake, AlertEvent.PROMOTED)


def test_units_have_lines_of_their_own(lake):
    _move(lake, AlertEvent.PROMOTED)
    _move(lake, AlertEvent.PROMOTED, line=("sepsis", "*"))
    assert set(alert_entries(lake)) == {LINE, ("sepsis", "*")}


def test_a_family_that_alerted_is_a_draft_until_somebody_decides(lake):
    (one,) = alerts_status(lake, settings_of(lake.root))
    assert (one.rule, one.unit, one.state, one.raised) == ("sepsis", "*", AlertState.DRAFT, 1)


def test_a_retired_alert_stays_retired(lake):
    _move(lake, AlertEvent.PROMOTED)
    _move(lake, AlertEvent.RETIRED)
    with pytest.raises(MoveError, match="is retired and cannot be promoted"):
        _move(lake, AlertEvent.PROMOTED)


def test_names_typed_wrong_get_the_nearest_and_write_nothing(lake):
    with pytest.raises(UnknownNameError, match="nearest: sepsis"):
        _move(lake, AlertEvent.PROMOTED, line=("sepsiss", "*"))
    with pytest.raises(UnknownNameError, match="nearest: A"):
        _move(lake, AlertEvent.ATTESTED, gate="A22")
    assert alert_entries(lake) == {}


def test_a_dry_run_writes_nothing(lake):
    assert _move(lake, AlertEvent.PROMOTED, dry_run=True).to_state == AlertState.SILENT
    assert alert_entries(lake) == {}
