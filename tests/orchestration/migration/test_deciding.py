"""Decisions: what is refused, what is written, and that the ledger alone is the state."""

import json
import shutil
from contextlib import nullcontext, suppress
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.batch.migration import JOB_LEDGER
from lakehouse.errors import LakehouseError, LedgerMovedError
from lakehouse.lake import Lake
from lakehouse.tables import RAW_MESSAGES
from orchestration.jobs import JOBS
from orchestration.migration.deciding import (
    attest,
    declare_all,
    demote_red,
    hold,
    promote,
    resume,
    rollback,
)
from orchestration.migration.entering import Said, next_entry, stamped, state_of
from orchestration.migration.errors import (
    MigrationError,
    MoveError,
    PromotionRefusedError,
    UnknownNameError,
)
from orchestration.migration.ledger import append_job, job_entries
from orchestration.migration.rehearsal import rehearse
from orchestration.migration.reporting import evidence, status
from orchestration.migration.states import SERVED_BY_STREAM, Event, State, needed
from tests.orchestration.migration.evidence import compared, settings_of, small_lake

WHO = ("Dr Example", "agreed")
NOW = datetime(2026, 2, 1, tzinfo=UTC)


def _state(lake, job="census"):
    return state_of(job_entries(lake).get(job, []), JOBS[job])


def _promote(lake, times=1):
    for _ in range(times):
        promote(lake, settings_of(lake.root), "census", *WHO)


def test_every_job_is_declared_once_with_its_reason(bare):
    ours = settings_of(bare.root)
    assert len(declare_all(bare, ours)) == len(JOBS)
    assert declare_all(bare, ours) == []
    (kept,) = job_entries(bare)["readmissions"]
    assert (kept.event, kept.to_state) == ("kept", "KEPT_IN_BATCH")
    assert kept.reason == JOBS["readmissions"].reason


def test_a_job_that_is_kept_in_batch_is_not_promoted(bare):
    with pytest.raises(MoveError, match="stays in batch by decision"):
        promote(bare, settings_of(bare.root), "charge_reconciliation", *WHO)
    assert job_entries(bare) == {}


def test_a_promotion_without_evidence_is_refused_and_names_each_gate_and_how_to_mend_it(bare):
    with pytest.raises(PromotionRefusedError) as caught:
        _promote(bare)
    told = str(caught.value)
    assert caught.value.exit_code == 3
    for gate in ("G2 is open", "G3 is open", "G5 is open", "to mend:"):
        assert gate in told
    assert "G1" not in told
    assert _state(bare) is State.LEGACY


@pytest.mark.parametrize(
    ("name", "nearest"), [("censsus", "nearest: census"), ("lab", "nearest: labs")]
)
def test_a_job_typed_wrong_gets_the_nearest(bare, name, nearest):
    with pytest.raises(UnknownNameError, match=nearest):
        evidence(bare, settings_of(bare.root), name)


def test_a_computed_gate_cannot_be_attested_and_an_unknown_one_gets_the_nearest(bare):
    ours = settings_of(bare.root)
    with pytest.raises(MoveError, match=r"G7 .* is computed"):
        attest(bare, ours, "census", "G7", *WHO)
    with pytest.raises(UnknownNameError, match=r"nearest: G10\.dst"):
        attest(bare, ours, "census", "G10.dts", *WHO)


@pytest.mark.parametrize("who", [("", "why"), ("Dr Example", "  ")])
def test_nobody_decides_without_name_and_reason(bare, who):
    with pytest.raises(MigrationError):
        attest(bare, settings_of(bare.root), "census", "G14", *who)


def test_an_entry_says_who_when_why_on_which_gates_cut_and_versions(proven, signed):
    signed(proven)
    written = promote(proven, settings_of(proven.root), "census", *WHO, now=NOW)
    stored = job_entries(proven)["census"][-1]
    assert stored == written
    assert (stored.by, stored.reason, stored.at) == ("Dr Example", "agreed", NOW)
    assert [gate["id"] for gate in stored.evidence["gates"]] == list(needed(State.SHADOW))
    assert {gate["state"] for gate in stored.evidence["gates"]} == {"green"}
    assert stored.cut == [{"feed": "adt", "partition": 0, "offset": 7}]
    assert stored.delta_versions["nights"] > 0


def test_a_dry_run_checks_everything_and_writes_nothing(proven, signed):
    ours = settings_of(proven.root)
    with pytest.raises(PromotionRefusedError):
        promote(proven, ours, "census", *WHO, dry_run=True)
    assert job_entries(proven) == {}
    signed(proven)
    before = job_entries(proven)
    assert promote(proven, ours, "census", *WHO, dry_run=True).to_state == State.SHADOW
    assert job_entries(proven) == before


def test_a_job_walks_to_retired_and_back_and_its_line_says_each_step(flipped):
    assert _state(flipped) is State.CUTOVER
    with pytest.raises(PromotionRefusedError, match="G17 is open"):
        _promote(flipped)
    for place in (6, 7):
        compared(flipped, place)
    _promote(flipped)
    assert _state(flipped) is State.RETIRED
    with pytest.raises(MoveError, match="cannot be promoted; it can be rolled back"):
        _promote(flipped)
    rollback(flipped, settings_of(flipped.root), "census", *WHO)
    assert _state(flipped) is State.DUAL_RUN
    with pytest.raises(MoveError, match="cannot be rolled back"):
        rollback(flipped, settings_of(flipped.root), "census", *WHO)
    line = job_entries(flipped)["census"]
    assert [entry.number for entry in line] == list(range(1, len(line) + 1))
    moved = [entry.to_state for entry in line if entry.from_state != entry.to_state]
    assert moved == ["LEGACY", "SHADOW", "DUAL_RUN", "CUTOVER", "RETIRED", "DUAL_RUN"]


def test_a_rollback_takes_signatures_of_the_flip_back_and_keeps_the_others(flipped):
    rollback(flipped, settings_of(flipped.root), "census", *WHO)
    with pytest.raises(PromotionRefusedError) as caught:
        _promote(flipped)
    assert "G14 is open" in str(caught.value)
    assert "G16 is open" in str(caught.value)
    assert "G12" not in str(caught.value)


def test_nights_compared_late_count_after_the_flip_by_their_own_day(flipped):
    compared(flipped, 5)
    compared(flipped, 4)
    (census, *_) = status(flipped, settings_of(flipped.root))
    assert "0 of 2 clean nights" in next(g.detail for g in census.gates if g.id == "G17")


def test_a_red_safety_gate_puts_a_job_on_hold_once(flipped):
    ours = settings_of(flipped.root)
    assert demote_red(flipped, ours) == []
    compared(flipped, 6, wrong_patients=1)
    (entry,) = demote_red(flipped, ours)
    assert (entry.by, entry.event, entry.to_state) == ("automatic", "demoted", "HOLD")
    assert "G11" in entry.reason
    assert demote_red(flipped, ours) == []
    with pytest.raises(MoveError, match="is in HOLD"):
        _promote(flipped)
    resume(flipped, ours, "census", *WHO)
    assert _state(flipped) is State.SHADOW
    with pytest.raises(PromotionRefusedError, match="G11 is red"):
        _promote(flipped)


def test_in_the_shadow_a_red_gate_demotes_nothing(proven, signed):
    signed(proven)
    _promote(proven)
    compared(proven, 6, wrong_patients=1)
    assert demote_red(proven, settings_of(proven.root)) == []
    assert _state(proven) is State.SHADOW


def test_what_is_open_demotes_nothing(proven, signed):
    signed(proven)
    _promote(proven, 2)
    shutil.rmtree(proven.root / "reconciliation")
    assert demote_red(proven, settings_of(proven.root)) == []


def test_a_rollback_works_over_a_damaged_stream(flipped):
    newest = sorted((flipped.root / RAW_MESSAGES.name / "_delta_log").glob("*.json"))[-1]
    newest.write_bytes(b"")
    entry = rollback(Lake(flipped.root), settings_of(flipped.root), "census", *WHO)
    assert entry.to_state == State.DUAL_RUN
    assert job_entries(flipped)["census"][-1].event == "rolled_back"


def test_of_two_who_decide_upon_the_same_line_one_is_refused(proven, signed):
    signed(proven)
    _promote(proven)
    said = Said(*WHO, NOW)
    line = job_entries(proven)["census"]
    first = stamped(next_entry(line, JOBS["census"], Event.HELD, said), proven)
    second = stamped(next_entry(line, JOBS["census"], Event.HELD, said), proven)
    append_job(proven, first)
    with pytest.raises(LedgerMovedError, match="has moved on"):
        append_job(proven, second)
    assert job_entries(proven)["census"] == [*line, first]


def test_the_ledger_is_only_ever_appended_to(flipped):
    log = flipped.path(JOB_LEDGER) / "_delta_log"
    for commit in log.glob("*.json"):
        actions = [json.loads(line) for line in commit.read_text().splitlines()]
        assert not [action for action in actions if "remove" in action]


def test_a_rehearsal_is_written_down_and_flips_nothing(proven, signed, capsys):
    signed(proven)
    _promote(proven, 2)
    entry = rehearse(proven, settings_of(proven.root), "census", *WHO)
    assert entry.evidence["rows_flipped"]["stream"] > 0
    assert entry.evidence["rows_back"] > 0
    assert _state(proven) is State.DUAL_RUN
    assert job_entries(proven)["census"][-1] == entry
    with capsys.disabled():
        print(f"\nrehearsed rollback: {entry.evidence['rollback_seconds']:.2f} s")  # noqa: T201


ACTIONS = st.lists(
    st.sampled_from(
        ["promote", "rollback", "hold", "resume", "rehearse", "sign", "red", "clean", "demote"]
    ),
    min_size=4,
    max_size=14,
)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_no_sequence_of_decisions_serves_the_stream_past_a_gate_that_was_not_green(
    proven_root, tmp_path_factory, signed, actions
):
    root = tmp_path_factory.mktemp("walk") / "lake"
    shutil.copytree(proven_root, root)
    lake, ours = Lake.open(root, create=True), settings_of(root)
    does = {
        "promote": lambda: promote(lake, ours, "census", *WHO),
        "rollback": lambda: rollback(lake, ours, "census", *WHO),
        "hold": lambda: hold(lake, ours, "census", *WHO),
        "resume": lambda: resume(lake, ours, "census", *WHO),
        "rehearse": lambda: rehearse(lake, ours, "census", *WHO),
        "sign": lambda: signed(lake),
        "red": lambda: compared(lake, 5, value=3),
        "clean": lambda: compared(lake, 5),
        "demote": lambda: demote_red(lake, ours),
    }
    for action in actions:
        must = action == "rollback" and _state(lake) in SERVED_BY_STREAM
        with nullcontext() if must else suppress(LakehouseError):
            does[action]()
    for entry in job_entries(lake).get("census", []):
        if entry.event == Event.PROMOTED:
            gates = {gate["id"]: gate["state"] for gate in entry.evidence["gates"]}
            assert list(gates) == list(needed(State(entry.to_state)))
            assert set(gates.values()) == {"green"}


def test_a_lake_without_a_message_can_be_looked_at(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    states = {one.job: one.state for one in status(lake, settings_of(lake.root))}
    assert states["census"] is State.LEGACY
    assert states["readmissions"] is State.KEPT_IN_BATCH
    assert small_lake(tmp_path / "other", days=1).root.is_dir()
