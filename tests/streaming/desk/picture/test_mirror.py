"""The mirror shows what the lake's cut shows, no more, no less, whatever became of the tables."""

from datetime import UTC, datetime, timedelta

import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.catalogue import connect
from lakehouse.compaction import compact
from lakehouse.lake import Lake
from lakehouse.tables import MEDICATION_EVENTS, OBSERVATIONS
from streaming.desk.picture.kept import FADES_AFTER, FOLDED, KEPT, SILENT_AFTER
from streaming.desk.picture.mirror import Mirror
from tests.lakehouse.test_medications import order
from tests.lakehouse.ways import as_of
from tests.streaming.desk.evaluating.wards import merged, placed, potassium
from tests.streaming.desk.picture.lakes import tell, tell_facts, tell_messages

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path):
    return Lake.open(tmp_path / "lake", create=True)


def _at(*minutes):
    return [NOON + timedelta(minutes=minute) for minute in minutes]


def _counts(mirror):
    rows = mirror.standing.rows
    return {name: rows[name].num_rows for name in KEPT if rows[name].num_rows}


def _cut(lake):
    """Rows of each table that the lake shows at its cut."""
    with connect(lake) as connection:
        counted = {
            name: connection.execute(f"select count(*) from {name}").fetchone()[0]  # noqa: S608
            for name in KEPT
        }
    return {name: count for name, count in counted.items() if count}


def test_mirror_of_an_empty_lake_shows_nothing(lake):
    mirror = Mirror(lake)
    news = mirror.keep_up(NOON)
    assert (_counts(mirror), mirror.standing.as_of, dict(news.rows)) == ({}, None, {})


def test_rows_beyond_the_cut_wait_until_their_message_is_committed(lake):
    mirror = Mirror(lake)
    tell(lake, [potassium("4.0")], _at(0), 0)
    tell_facts(lake, [potassium("5.0", "1140")], _at(1), 1)
    mirror.keep_up(NOON)
    assert (_counts(mirror), mirror.standing.as_of) == (
        {"observations": 1, "order_events": 1},
        NOON,
    )
    tell_messages(lake, _at(1), 1)
    news = mirror.keep_up(NOON)
    assert _counts(mirror)["observations"] == 2
    assert news.rows["observations"]["offset"].to_pylist() == [1]
    assert mirror.standing.as_of == _at(1)[0]


def test_look_without_news_changes_nothing(lake):
    mirror = Mirror(lake)
    tell(lake, [potassium("4.0")], _at(0), 0)
    mirror.keep_up(NOON)
    before = mirror.standing
    assert mirror.keep_up(NOON).rows == {}
    assert mirror.standing is before


def test_compaction_repeats_nothing(lake):
    mirror = Mirror(lake)
    for number in range(3):
        tell(lake, [potassium("4.0", f"11{number}0")], _at(number), number)
        mirror.keep_up(NOON)
    compact(lake, OBSERVATIONS)
    tell(lake, [potassium("4.0", "1159")], _at(9), 3)
    mirror.keep_up(NOON)
    assert _counts(mirror) == _cut(lake)


def test_table_of_which_rows_were_deleted_is_read_anew(lake):
    mirror = Mirror(lake)
    tell(lake, [potassium("4.0", "1100"), potassium("4.1", "1110")], _at(0, 1), 0)
    mirror.keep_up(NOON)
    DeltaTable(str(lake.path(OBSERVATIONS))).delete('"offset" = 0')
    tell(Lake.open(lake.root, create=True), [potassium("5.5", "1120")], _at(2), 2)
    news = mirror.keep_up(NOON)
    assert news.anew == {"observations"}
    assert _counts(mirror) == _cut(lake) == {"observations": 2, "order_events": 3}


def test_results_fade_and_orders_stay_while_their_patient_is_heard_of(lake):
    old, older = NOON - FADES_AFTER - timedelta(days=2), NOON - SILENT_AFTER - timedelta(days=2)
    tell(lake, [as_of(order("NW", "0100", "P9"), "8")], [older], 0)
    tell(lake, [potassium("4.0"), order("NW", "0100", "P1")], [old, old], 1)
    tell(lake, [potassium("4.1", "1140")], [NOON], 3)
    mirror = Mirror(lake)
    mirror.keep_up(NOON)
    rows = mirror.standing.rows
    (number,) = set(rows[MEDICATION_EVENTS.name].runs[0].keys.tolist())
    assert rows[MEDICATION_EVENTS.name].of([number])["order_id"].to_pylist() == ["P1"]
    assert rows["observations"].num_rows == 1


def test_what_the_fold_reads_is_kept():
    for table, columns in FOLDED.items():
        assert set(columns) <= set(KEPT[table].columns)


@settings(max_examples=10)
@given(st.lists(st.sampled_from(["tell", "facts", "compact", "look"]), min_size=2, max_size=9))
def test_mirror_equals_the_cut_in_any_order_of_events(tmp_path_factory, events):
    lake = Lake.open(tmp_path_factory.mktemp("mirrored") / "lake", create=True)
    mirror, told, waiting = Mirror(lake), 0, []
    for event in [*events, "look"]:
        if event in {"tell", "facts"}:
            messages = [
                (potassium("4.0", f"1{told % 2}{told % 6}0"), placed("A01", "MICU", "1100")),
                (order("NW", "0100", f"P{told}"), merged("1", "9")),
            ][told % 2]
            tell_facts(lake, messages, _at(told, told + 1), told)
            waiting += _at(told, told + 1)
            told += 2
        if event == "tell":
            tell_messages(lake, waiting, told - len(waiting))
            waiting = []
        elif event == "compact":
            compact(lake, OBSERVATIONS)
        elif event == "look":
            mirror.keep_up(NOON)
            assert _counts(mirror) == _cut(lake)
