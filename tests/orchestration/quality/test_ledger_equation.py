"""The ledger equation: it balances on a lake that the stream wrote, and says where it does not."""

from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.catalogue import connect, query
from lakehouse.cuts import Cut, cut
from lakehouse.lake import Lake
from lakehouse.losses import record_loss
from lakehouse.tables import OBSERVATIONS, RAW_MESSAGES
from orchestration.quality.ledger_equation import counts, imbalances
from tests.orchestration.quality.breaking import change, double, rewrite, take_away

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
PLACE = "feed = 'mimic3' and \"partition\" = 0"


@pytest.fixture
def lake(hospital, tmp_path):
    return hospital.copy(tmp_path).lake


def test_the_lake_of_the_stream_balances(hospital):
    assert imbalances(hospital.lake) == []


def test_a_lake_without_a_message_balances(tmp_path):
    empty = Lake.open(tmp_path / "lake", create=True)
    assert imbalances(empty) == []
    assert counts(empty).num_rows == 0


def test_every_message_is_counted_once_by_what_became_of_it(hospital):
    found = counts(hospital.lake)
    assert found.column_names == [
        *("feed", "hour", "journaled"),
        *("parsed", "skipped", "quarantined", "duplicate", "pending", "lost"),
    ]
    with connect(hospital.lake) as connection:
        messages = connection.sql("select count(*) from raw_messages").fetchall()[0][0]
    assert sum(found["journaled"].to_pylist()) == messages
    assert all(row["journaled"] == _booked(row) for row in found.to_pylist())


def _booked(row):
    return sum(
        row[name] for name in ("parsed", "skipped", "quarantined", "duplicate", "pending", "lost")
    )


def test_at_an_older_cut_only_what_was_known_then_is_counted(hospital):
    assert sum(counts(hospital.lake, Cut({("mimic3", 0): 99}))["journaled"].to_pylist()) == 100
    assert imbalances(hospital.lake, Cut({("mimic3", 0): 99})) == []


@pytest.mark.parametrize("offsets", [[0], [100], [100, 101, 102], "last"])
def test_a_lost_message_is_missing_with_the_rows_that_stand_on_it(lake, offsets):
    last = cut(lake)["mimic3", 0]
    gone = [last] if offsets == "last" else offsets
    lost = take_away(lake, RAW_MESSAGES, f'{PLACE} and "offset" in {_tuple(gone)}')
    found = imbalances(lake)
    missing = [one for one in found if one.what == "missing_message"]
    assert [one.count for one in missing] == [len(gone)]
    assert missing[0].hour is not None
    assert {one.what for one in found} <= {"missing_message", "row_without_message"}
    assert _count(found, "row_without_message", OBSERVATIONS) == _rows(lake, lost)


def test_where_no_message_is_left_all_are_missing(lake):
    rewrite(lake, RAW_MESSAGES, "true", "select * from chosen limit 0")
    missing = [one for one in imbalances(lake) if one.what == "missing_message"]
    assert [one.count for one in missing] == [cut(lake)["mimic3", 0] + 1]
    assert missing[0].hour is None


def test_a_message_that_is_stored_twice_is_repeated(lake):
    double(lake, RAW_MESSAGES, f'{PLACE} and "offset" in (7, 9)')
    found = imbalances(lake)
    assert {one.what for one in found} == {"repeated_message"}
    assert sum(one.count for one in found) == 2


def test_a_lost_and_a_doubled_message_do_not_balance_each_other(lake):
    take_away(lake, RAW_MESSAGES, f'{PLACE} and "offset" = 20')
    double(lake, RAW_MESSAGES, f'{PLACE} and "offset" = 30')
    assert {"missing_message", "repeated_message"} <= {one.what for one in imbalances(lake)}


def test_a_recorded_loss_is_counted_as_lost_and_is_no_imbalance(lake):
    before = sum(counts(lake)["journaled"].to_pylist())
    offsets = [0, 100, 101, 102]
    take_away(lake, RAW_MESSAGES, f'{PLACE} and "offset" in {_tuple(offsets)}')
    assert imbalances(lake)
    record_loss(lake, "mimic3", 0, 0, 0, "journal_lost", NOW)
    record_loss(lake, "mimic3", 0, 100, 102, "journal_damaged", NOW)
    assert imbalances(lake) == []
    found = counts(lake)
    assert sum(found["lost"].to_pylist()) == len(offsets)
    assert sum(found["journaled"].to_pylist()) == before
    assert all(row["journaled"] == _booked(row) for row in found.to_pylist())


def test_a_gap_beside_a_recorded_loss_stays_an_imbalance(lake):
    take_away(lake, RAW_MESSAGES, f'{PLACE} and "offset" between 100 and 109')
    record_loss(lake, "mimic3", 0, 102, 105, "retention_gap", NOW)
    missing = [one for one in imbalances(lake) if one.what == "missing_message"]
    assert sum(one.count for one in missing) == 6


def test_a_loss_beyond_the_cut_is_not_counted_yet(lake):
    reached = cut(lake)["mimic3", 0]
    record_loss(lake, "mimic3", 0, reached + 1, reached + 10, "retention_gap", NOW)
    assert imbalances(lake) == []
    assert sum(counts(lake)["lost"].to_pylist()) == 0


def test_offsets_that_no_message_had_are_neither_lost_nor_missing(lake):
    before = sum(counts(lake)["journaled"].to_pylist())
    take_away(lake, RAW_MESSAGES, f'{PLACE} and "offset" = 100')
    record_loss(lake, "mimic3", 0, 100, 100, "no_message", NOW)
    assert imbalances(lake) == []
    assert sum(counts(lake)["lost"].to_pylist()) == 0
    assert sum(counts(lake)["journaled"].to_pylist()) == before - 1


def test_an_unknown_disposition_is_found(lake):
    change(lake, RAW_MESSAGES, f'{PLACE} and "offset" = 40', disposition="'forgotten'")
    found = [one for one in imbalances(lake) if one.what == "unknown_disposition"]
    assert [(one.feed, one.partition, one.count) for one in found] == [("mimic3", 0, 1)]


def test_rows_of_a_message_that_was_not_parsed_are_found(lake):
    with connect(lake) as connection:
        offset = connection.sql('select min("offset") from observations').fetchall()[0][0]
    change(lake, RAW_MESSAGES, f'{PLACE} and "offset" = {offset}', disposition="'quarantined'")
    found = imbalances(lake)
    assert {one.what for one in found} == {"row_of_unparsed_message"}
    assert "observations" in {one.table for one in found}


def test_a_message_that_no_append_of_ours_stored_lies_beyond_the_cut(lake):
    beyond = cut(lake)["mimic3", 0] + 5
    change(lake, RAW_MESSAGES, f'{PLACE} and "offset" = 3', offset=f"{beyond}::bigint")
    assert "message_beyond_cut" in {one.what for one in imbalances(lake)}


def test_rows_that_are_ahead_of_the_journal_are_pending_and_break_nothing(lake):
    reached = cut(lake)["mimic3", 0]
    rewrite(
        lake,
        OBSERVATIONS,
        f'{PLACE} and "offset" < 50',
        f'select * from chosen union all select * replace ({reached + 1}::bigint as "offset")'  # noqa: S608
        " from chosen",
    )
    assert sum(counts(lake)["pending"].to_pylist()) == 1
    assert imbalances(lake) == []
    assert sum(counts(lake, cut(lake))["pending"].to_pylist()) == 0


def test_each_imbalance_tells_a_query_that_shows_it_and_no_patient(lake):
    take_away(lake, RAW_MESSAGES, f'{PLACE} and "offset" = 100')
    double(lake, RAW_MESSAGES, f'{PLACE} and "offset" = 300')
    found = imbalances(lake)
    assert found
    with connect(lake) as connection:
        for one in found:
            shown = query(connection, one.look)
            assert shown.num_rows
            assert not {"patient_id", "raw", "encounter_id"} & set(shown.column_names)
    assert all(set(asdict(one)) == _FIELDS for one in found)


_FIELDS = {"feed", "partition", "hour", "what", "table", "count", "look"}


@pytest.fixture(scope="module")
def journal(hospital):
    """The offsets that the stream wrote."""
    return cut(hospital.lake)["mimic3", 0]


# Each example reads a lake, so few are drawn.
@settings(max_examples=10)
@given(data=st.data())
def test_an_older_cut_of_a_sound_lake_always_balances(hospital, journal, data):
    reached = data.draw(st.integers(0, journal))
    at = Cut({("mimic3", 0): reached})
    assert imbalances(hospital.lake, at) == []


def _tuple(offsets):
    return f"({', '.join(map(str, offsets))})"


def _count(found, what, table):
    return sum(one.count for one in found if one.what == what and one.table == table.name)


def _rows(lake, messages):
    offsets = _tuple(messages["offset"].to_pylist())
    with connect(lake) as connection:
        sql = f'select count(*) from observations where "offset" in {offsets}'  # noqa: S608
        return connection.sql(sql).fetchall()[0][0]
