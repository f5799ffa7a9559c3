"""Each gate: green, red and open by the evidence it is computed from."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from lakehouse.tables import RAW_MESSAGES
from orchestration.jobs import JOBS
from orchestration.migration.deciding import attest
from orchestration.migration.facts import Case, gather
from orchestration.migration.gate import Light
from orchestration.migration.gates import ATTESTABLE, CONDITIONS, evaluate
from orchestration.migration.states import GATES
from tests.orchestration.migration.evidence import (
    compared,
    differing,
    land_census,
    night,
    replayed,
    settings_of,
    small_lake,
)

NOW = datetime(2026, 2, 1, tzinfo=UTC)


def _gate(lake, name, job="census", **changes):
    facts = gather(lake, settings_of(lake.root, **changes), NOW)
    return evaluate(Case(JOBS[job], facts), [name])[0]


def _light(lake, name, **changes):
    return _gate(lake, name, **changes).state


def test_every_gate_of_every_step_has_a_condition():
    assert [name for names in GATES.values() for name in names] == list(CONDITIONS)


def test_a_complete_contract_is_green(bare):
    assert _light(bare, "G1") is Light.GREEN


def test_replay_is_open_without_one_and_green_when_equal_over_enough_days(bare):
    assert _light(bare, "G2") is Light.OPEN
    replay = replayed(bare, days=3)
    gate = _gate(bare, "G2")
    assert (gate.state, gate.evidence) == (Light.GREEN, (f"replay:{replay}",))
    assert _light(bare, "G2", matching_nights=4) is Light.OPEN


@pytest.mark.parametrize(
    ("changes", "light"),
    [
        ({"is_equal": False, "differing": 7}, Light.RED),
        ({"is_equal": None, "verdict": "other rules"}, Light.OPEN),
        ({"rules_version": "other"}, Light.OPEN),
        ({"replay_order": "effective"}, Light.OPEN),
    ],
)
def test_replay_that_differs_or_ran_by_other_rules_is_not_green(bare, changes, light):
    replayed(bare, **changes)
    assert _light(bare, "G2") is light


def test_the_newest_replay_counts(bare):
    replayed(bare, is_equal=False, ended_at=NOW - timedelta(days=400))
    replayed(bare)
    assert _light(bare, "G2") is Light.GREEN


@pytest.mark.parametrize("name", ["G3", "G6", "G7", "G8", "G9", "G10", "G11", "G15", "G17"])
def test_gates_of_nights_are_open_where_none_was_compared(bare, name):
    assert _light(bare, name) is Light.OPEN


@pytest.mark.parametrize("side", ["legacy_repeated", "stream_repeated"])
def test_grain_is_red_by_a_repeated_key_of_either_side(bare, side):
    compared(bare, 1)
    assert _light(bare, "G3") is Light.GREEN
    compared(bare, 2, **{side: 1})
    assert _light(bare, "G3") is Light.RED


def test_the_newest_comparison_of_a_night_counts(bare):
    earlier = datetime.now(UTC) - timedelta(hours=1)
    compared(bare, 1, wrong_patients=1, compared_at=earlier)
    assert _light(bare, "G11") is Light.RED
    compared(bare, 1)
    assert _light(bare, "G11") is Light.GREEN


def test_dispositions_are_red_when_a_message_is_missing(proven):
    assert _light(proven, "G4") is Light.GREEN
    bad = next((proven.root / RAW_MESSAGES.name).glob("received_date=2026-01-07/*.parquet"))
    other = next((proven.root / RAW_MESSAGES.name).glob("received_date=2026-01-08/*.parquet"))
    shutil.copyfile(other, bad)
    assert _light(proven, "G4") is Light.RED


def test_matching_nights_have_to_follow_each_other(bare):
    for place in (1, 2):
        compared(bare, place)
    assert _light(bare, "G6") is Light.OPEN
    compared(bare, 4)
    assert "1 of 3" in _gate(bare, "G6").detail
    compared(bare, 3)
    assert _light(bare, "G6") is Light.GREEN


def test_a_night_below_the_share_is_red_and_breaks_the_run(bare):
    for place in range(1, 4):
        compared(bare, place)
    compared(bare, 4, value=1)
    gate = _gate(bare, "G6")
    assert gate.state is Light.RED
    assert "99.0099%" in gate.detail
    assert _light(bare, "G6", match_share=0.99) is Light.GREEN


def test_a_night_without_any_key_matches_and_is_said_to(bare):
    for place in (1, 3):
        compared(bare, place)
    compared(bare, 2, matched=0)
    gate = _gate(bare, "G6")
    assert gate.state is Light.GREEN
    assert "1 night without any key" in gate.detail


def test_one_difference_without_a_cause_is_red_and_one_with_a_cause_is_not(bare):
    for place in range(1, 4):
        compared(bare, place, late=5)
    assert _light(bare, "G7") is Light.GREEN
    compared(bare, 3, unit=1)
    assert _light(bare, "G7") is Light.RED


def test_completeness_is_red_by_the_hour_that_is_short(proven):
    assert _light(proven, "G8") is Light.GREEN
    found = compared(proven, 5, missing_in_stream=1)
    differing(proven, 5, found, [1])
    gate = _gate(proven, "G8")
    assert gate.state is Light.RED
    assert "1 of 5 rows are missing at 2026-01-10 00h" in gate.detail
    assert _light(proven, "G8", match_share=0.5) is Light.GREEN


def test_freshness_counts_from_documentation_to_commit(proven):
    gate = _gate(proven, "G9")
    assert gate.state is Light.GREEN
    assert "p95 1.02 min" in gate.detail
    strict = _gate(proven, "G9", job="active_medications")
    assert strict.state is Light.OPEN


def test_coverage_names_what_has_not_happened_yet(proven):
    gate = _gate(proven, "G10")
    assert gate.state is Light.OPEN
    assert "not covered: a month end, a change of the clocks" in gate.detail
    assert "covered: weekend: night 2026-01-10" in gate.detail


def test_coverage_counts_what_nights_show_and_what_people_attest(proven):
    settings = settings_of(proven.root)
    compared(proven, 6, identity=1, corrected=1)
    gate = _gate(proven, "G10")
    assert "merge: night 2026-01-11; correction: night 2026-01-11" in gate.detail
    for part in ("month_end", "dst", "downtime"):
        attest(proven, settings, "census", f"G10.{part}", "Dr Example", "tried on the test feed")
    gate = _gate(proven, "G10")
    assert gate.state is Light.GREEN
    assert "dst: attested by Dr Example" in gate.detail


def test_a_change_of_the_clocks_is_computed_in_the_hospitals_zone(bare):
    place = (datetime(2026, 3, 29, tzinfo=UTC).date() - night(0)).days
    compared(bare, place)
    assert "dst: night 2026-03-29" in _gate(bare, "G10", hospital_zone="Europe/London").detail
    assert "dst" not in _gate(bare, "G10", hospital_zone="UTC").detail


def test_the_verifier_is_red_when_the_extract_no_longer_lands(proven):
    assert _light(proven, "G15") is Light.GREEN
    compared(proven, 9)
    assert _light(proven, "G15") is Light.RED


def test_the_archive_names_the_tables_and_their_versions(proven, bare):
    assert _gate(proven, "G19").evidence == ("legacy_census@0",)


def test_the_archive_is_red_where_nothing_landed(bare):
    assert _light(bare, "G19") is Light.RED


def test_silent_alerts_show_their_numbers_and_wait_for_a_review(proven):
    assert _gate(proven, "G12").detail.startswith("no patient-day")
    attest(proven, settings_of(proven.root), "census", "G12", "Dr Example", "read")
    assert _light(proven, "G12") is Light.GREEN


def test_exceptions_have_to_be_accepted_after_they_were_found(proven):
    settings = settings_of(proven.root)
    assert _light(proven, "G18") is Light.GREEN
    compared(proven, 1, value=1)
    assert _light(proven, "G18") is Light.OPEN
    attest(proven, settings, "census", "G18", "Dr Example", "known defect of the extract")
    assert _light(proven, "G18") is Light.GREEN
    compared(proven, 2, value=1)
    assert _light(proven, "G18") is Light.OPEN


@pytest.mark.parametrize("name", ATTESTABLE)
def test_whatever_can_be_attested_can_be(bare, name):
    entry = attest(bare, settings_of(bare.root), "census", name.lower(), "Dr Example", "yes")
    assert entry.gate == name


def test_evidence_of_one_job_is_not_evidence_of_another(proven):
    assert _light(proven, "G6", job="vitals") is Light.OPEN


def test_gates_of_an_empty_lake_are_open_and_none_fails(tmp_path):
    lake = small_lake(tmp_path / "lake", days=1)
    land_census(lake, range(1))
    facts = gather(lake, settings_of(lake.root), NOW)
    for job in JOBS.values():
        if job.decision == "to_migrate":
            names = [name for name in CONDITIONS if name != "G21"]
            assert len(evaluate(Case(job, facts), names)) == len(names)
