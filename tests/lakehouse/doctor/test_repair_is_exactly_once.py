"""A damaged lake, repaired and fed again, holds what an undamaged one holds."""

import json
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse import delta_log
from lakehouse.alarms import open_alarms
from lakehouse.cuts import cut
from lakehouse.doctor.checking import check
from lakehouse.doctor.moving import make_folder, move
from lakehouse.doctor.planning import plan
from lakehouse.doctor.repairing import repair
from lakehouse.errors import LakeDamagedError, LakeLockedError
from lakehouse.lake import Lake
from lakehouse.lock import exclusive
from lakehouse.losses import recorded
from lakehouse.tables import ALERTS, OBSERVATIONS, RAW_MESSAGES
from tests.lakehouse.doctor.damaging import DEEP, TAIL, missing_data_file
from tests.lakehouse.doctor.wards import NOW, SHARES, Ward, wanted

TABLES = (*SHARES, RAW_MESSAGES)


def codes(ward: Ward) -> set[str]:
    return {finding.code for finding in check(ward.root, NOW).findings} - {"future_file"}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
@pytest.mark.parametrize("damage", [*TAIL, *DEEP], ids=lambda damage: damage.__name__)
def test_every_table_is_mended_of_every_damage(ward, table, damage):
    damage(ward.root / table.name)
    hidden = table is RAW_MESSAGES and damage.__name__.endswith(
        ("missing_commit", "missing_commits")
    )
    assert bool(codes(ward)) is not hidden
    before = {path for path in ward.root.rglob("*") if path.is_file()}
    outcome = repair(ward.root, ward.giver, NOW)
    assert outcome.lost == ()
    assert len({path for path in ward.root.rglob("*") if path.is_file()}) >= len(before)
    assert codes(ward) == set()
    ward.stream(step=3)
    assert ward.held() == wanted(24)


@pytest.mark.parametrize("damage", TAIL, ids=lambda damage: damage.__name__)
def test_messages_that_the_journal_forgot_come_back_out_of_the_lake(ward, damage):
    ward.forget()
    damage(ward.root / OBSERVATIONS.name)
    outcome = repair(ward.root, ward.giver, NOW)
    assert outcome.lost == ()
    assert outcome.put_back > 0
    ward.stream(step=5)
    assert ward.held() == wanted(24)


def test_journal_that_is_gone_is_made_again_out_of_the_lake(ward):
    shutil.rmtree(ward.journal)
    TAIL[0](ward.root / ALERTS.name)
    outcome = repair(ward.root, ward.giver, NOW)
    assert outcome.put_back == sum(map(len, outcome.plan.gaps))
    ward.stream()
    assert ward.held() == wanted(24)


@pytest.fixture(scope="session")
def wards(first_ward, compacted_ward):
    """By whether its files were joined."""
    return {False: first_ward, True: compacted_ward}


@settings(max_examples=12, deadline=None)
@given(
    harmed=st.lists(
        st.tuples(st.sampled_from(TABLES), st.sampled_from([*TAIL, *DEEP])), min_size=1, max_size=3
    ),
    step=st.integers(3, 9),
    state=st.tuples(st.booleans(), st.booleans()),
)
def test_several_damages_at_once_are_mended(wards, tmp_path_factory, harmed, step, state):
    compacted, forgotten = state
    messages = 28 if compacted else 24
    ward = wards[compacted].copied(tmp_path_factory.mktemp("ward") / "lake")
    if forgotten:
        ward.forget()
    lost = forgotten and any(table is RAW_MESSAGES for table, _ in harmed)
    for table, damage in harmed:
        try:
            damage(ward.root / table.name)
        except (FileNotFoundError, StopIteration):
            continue
    outcome = repair(ward.root, ward.giver, NOW)
    assert codes(ward) - ({"journal_gap"} if lost else set()) == set()
    if not lost:
        assert outcome.lost == ()
        ward.stream(step)
        assert ward.held() == wanted(messages)


def test_damaged_lake_does_not_open_until_it_is_repaired(ward):
    TAIL[4](ward.root / OBSERVATIONS.name)
    with pytest.raises(LakeDamagedError, match="doctor --repair"):
        Lake.open(ward.root, create=True)
    repair(ward.root, ward.giver, NOW)
    assert cut(ward.lake)


def test_repair_of_a_sound_lake_changes_nothing(ward):
    before = {path: path.stat().st_mtime_ns for path in ward.root.rglob("*")}
    outcome = repair(ward.root, ward.giver, NOW)
    assert outcome.folder is None
    touched = {ward.root, ward.root / "dataflow.lock"}
    after = {path: path.stat().st_mtime_ns for path in ward.root.rglob("*")}
    assert {p: t for p, t in after.items() if p not in touched} == {
        p: t for p, t in before.items() if p not in touched
    }


def without_standing(line: str) -> str:
    """A line of a commit as an older release wrote it."""
    action = json.loads(line)
    action.get("commitInfo", {}).pop("stands_on", None)
    return json.dumps(action) + "\n"


@pytest.mark.parametrize("damage", [*TAIL, *DEEP], ids=lambda damage: damage.__name__)
def test_lake_whose_commits_do_not_say_what_they_stand_on_goes_back_by_time(ward, damage):
    raw = ward.root / RAW_MESSAGES.name
    for version in delta_log.versions(raw):
        path = delta_log.commit_path(raw, version)
        path.write_text("".join(map(without_standing, path.read_text().splitlines())))
    damage(ward.root / OBSERVATIONS.name)
    # A commit that is gone leaves no trace where nothing stands on it.
    hidden = damage.__name__.endswith(("missing_commit", "missing_commits"))
    assert bool(codes(ward)) is not hidden
    outcome = repair(ward.root, ward.giver, NOW)
    assert outcome.plan.by_time is not hidden
    ward.stream()
    assert hidden or ward.held() == wanted(24)


def test_what_nothing_can_give_any_more_is_recorded_as_lost(ward):
    ward.forget()
    missing_data_file(ward.root / RAW_MESSAGES.name)
    outcome = repair(ward.root, ward.giver, NOW)
    assert [(gap.feed, gap.partition, gap.first, gap.last) for gap in outcome.lost] == [
        ("icu", ward.partition, 20, 23)
    ]
    assert recorded(ward.lake, ("icu", ward.partition)) == [(20, 23)]
    assert [alarm.kind for alarm in open_alarms(ward.lake)] == ["lake_repaired"]


def test_repair_that_was_broken_off_after_any_move_is_finished_by_the_next(ward, tmp_path):
    TAIL[0](ward.root / OBSERVATIONS.name)
    files = [file for one in plan(ward.root).asides for file in one.files]
    for done in range(1, len(files)):
        half = ward.copied(tmp_path / f"half{done}")
        folder = make_folder(half.root, NOW)
        move(half.root, folder, [half.root / f.relative_to(ward.root) for f in files[:done]])
        repair(half.root, half.giver, NOW)
        half.stream()
        assert half.held() == wanted(24)


def test_repair_beside_a_running_dataflow_is_refused(ward):
    TAIL[0](ward.root / OBSERVATIONS.name)
    with exclusive(Lake(ward.root)), pytest.raises(LakeLockedError):
        repair(ward.root, ward.giver, NOW)
