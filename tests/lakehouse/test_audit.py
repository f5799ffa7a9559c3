"""The audit of restricted reads: written first, chained, and broken visibly."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from lakehouse import audit
from lakehouse.audit import Read
from lakehouse.errors import AppendError

NOW = datetime(2026, 1, 5, 2, tzinfo=UTC)


def test_entries_are_numbered_and_each_holds_the_hash_of_the_one_before(lake):
    for number in (1, 2, 3):
        assert audit.record(lake, _read(), now=NOW) == number
    first, second, third = audit.entries(lake)
    assert first["previous_sha256"] is None
    assert (second["previous_sha256"], third["previous_sha256"]) == (
        first["sha256"],
        second["sha256"],
    )
    assert audit.verify([first, second, third]) is None


def test_query_itself_is_not_kept(lake):
    audit.record(lake, Read("sql", ("raw_messages",), "select 'Mustermann'"), now=NOW)
    (entry,) = audit.entries(lake)
    assert "Mustermann" not in str(entry)
    assert len(entry["query_sha256"]) == 64


@pytest.mark.parametrize("column", ["at", "by", "surface", "tables", "query_sha256"])
def test_changed_entry_is_named(lake, column):
    found = _three(lake)
    found[1][column] = ["x"] if column == "tables" else NOW.replace(year=1999)
    if column in {"by", "surface", "query_sha256"}:
        found[1][column] = "somebody else"
    assert audit.verify(found) == 2


def test_entry_that_is_taken_out_or_moved_is_named(lake):
    first, second, third = _three(lake)
    assert audit.verify([first, third]) == 2
    assert audit.verify([second, first, third]) == 1
    assert audit.verify([second, third]) == 1


def test_reads_at_the_same_time_all_get_a_number_of_their_own(lake):
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda _: audit.record(lake, _read(), now=NOW), range(8)))
    assert sorted(numbers) == list(range(1, 9))
    assert audit.verify(audit.entries(lake)) is None


def test_read_that_cannot_be_written_down_is_refused(lake):
    (lake.root / "audit").write_text("a file where the folder should be")
    with pytest.raises(AppendError):
        audit.record(lake, _read(), now=NOW)


def _read():
    return Read("sql", ("raw_messages", "patient_demographics"), "select 1")


def _three(lake):
    for _ in range(3):
        audit.record(lake, _read(), now=NOW)
    return audit.entries(lake)
