"""Epochs are committed in order, in pieces that do not reach over many dates, or not at all."""

import threading
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from queue import Queue

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from hypothesis import example, given
from hypothesis import strategies as st

from lakehouse.errors import AppendError, FencedError
from lakehouse.lake import Lake
from lakehouse.stamps import Stamp
from lakehouse.tables import ALERTS, RAW_MESSAGES
from streaming.epochs import DATES, Epoch, few_dates
from streaming.writer import COMPACT_ALERTS_EVERY, Terms, Writer
from tests.lakehouse.conftest import build_rows, stored_offsets

FIRST = date(2026, 1, 1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(tmp_path / "lake", create=True)


def epoch(days: list[int]) -> Epoch:
    """One message a row, received on the given days; every other one has an observation."""
    raw = {
        "offset": pa.array(range(len(days)), pa.int64()),
        "received_date": pa.array([FIRST + timedelta(days=day) for day in days], pa.date32()),
    }
    some = {name: column.take(pa.array(range(0, len(days), 2))) for name, column in raw.items()}
    tables = {"observations": pa.table(some), "raw_messages": pa.table(raw)}
    stamp = Stamp("one", tuple((offset, 2 * offset) for offset in range(len(days))))
    return Epoch("f", 0, len(days) - 1, tables, stamp)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=300))
@example(list(range(DATES + 1)))
def test_pieces_hold_every_row_once_in_order_and_reach_over_few_dates(days: list[int]) -> None:
    whole = epoch(days)
    parts = list(few_dates(whole))
    for name, rows in whole.tables.items():
        pieces = [part.tables[name] for part in parts if name in part.tables]
        assert pa.concat_tables(pieces) == rows
    for part in parts:
        dates = part.tables["raw_messages"]["received_date"].to_pylist()
        assert len(set(dates)) <= DATES
        assert part.upto == part.tables["raw_messages"]["offset"].to_pylist()[-1]
    notes = [note for part in parts if part.stamp for note in part.stamp.notes]
    assert whole.stamp == Stamp("one", tuple(notes))


def test_an_ordinary_epoch_is_committed_as_it_is() -> None:
    one = epoch([0, 0, 1])
    assert list(few_dates(one)) == [one]


@dataclass
class Course:
    """What a writer's owner sees and says."""

    seen: list[str] = field(default_factory=list)
    allowed: int = 1_000
    again: bool = False

    def terms(self) -> Terms:
        return Terms(self._allow, self._again, alerted=lambda _: self.seen.append("alerts"))

    def _allow(self) -> None:
        self.allowed -= 1
        if self.allowed < 0:
            msg = "another took over"
            raise FencedError(msg)

    def _again(self, error: AppendError) -> bool:
        self.seen.append(type(error).__name__)
        return self.again

    def committed(self, _: Epoch) -> None:
        self.seen.append("epoch")


def closed_epoch(*offsets: int, facility: str = "A") -> Epoch:
    raw = build_rows(RAW_MESSAGES, offsets)
    alerts = build_rows(ALERTS, offsets, facility=facility)
    return Epoch("icu", 0, max(offsets), {"alerts": alerts, "raw_messages": raw})


def only_alerts(epoch: Epoch) -> Epoch:
    return Epoch(epoch.feed, epoch.partition, epoch.upto, {"alerts": epoch.tables["alerts"]})


def test_alerts_that_went_first_are_found_by_their_epoch(lake: Lake) -> None:
    course = Course()
    with Writer(lake, course.committed, course.terms()) as writer:
        writer.submit_alerts(only_alerts(closed_epoch(1, 2)))
        writer.submit_alerts(only_alerts(closed_epoch(3)))
        writer.submit(closed_epoch(1, 2, 3))
        writer.finish()
    assert stored_offsets(lake, ALERTS) == [1, 2, 3]
    assert stored_offsets(lake, RAW_MESSAGES) == [1, 2, 3]
    assert set(course.seen) == {"alerts", "epoch"}


def test_alerts_that_come_while_others_are_stored_are_stored_together(lake: Lake) -> None:
    told: list[Epoch] = []
    go_on = threading.Event()

    def held_back() -> None:
        go_on.wait(30)

    terms = Terms(held_back, alerted=told.append)
    with Writer(lake, terms=terms) as writer:
        for offset in range(50):
            writer.submit_alerts(only_alerts(closed_epoch(offset, facility="AB"[offset % 2])))
        go_on.set()
        writer.finish()
    assert stored_offsets(lake, ALERTS) == list(range(50))
    # What the thread had taken before the next came, and all the rest.
    assert len(told) <= 2
    assert [row for one in told for row in one.tables["alerts"]["offset"].to_pylist()] == list(
        range(50)
    )


def test_files_of_alerts_that_go_ahead_are_joined_though_no_epoch_closes(lake: Lake) -> None:
    stored: Queue[Epoch] = Queue()
    with Writer(lake, terms=Terms(alerted=stored.put)) as writer:
        for offset in range(2 * COMPACT_ALERTS_EVERY):
            writer.submit_alerts(only_alerts(closed_epoch(offset)))
            stored.get(timeout=30)
        writer.finish()
    assert stored_offsets(lake, ALERTS) == list(range(2 * COMPACT_ALERTS_EVERY))
    assert len(DeltaTable(lake.path(ALERTS)).file_uris()) < COMPACT_ALERTS_EVERY


def test_nothing_is_committed_by_whom_another_took_over(lake: Lake) -> None:
    course = Course(allowed=2)
    with Writer(lake, course.committed, course.terms()) as writer:
        writer.submit(closed_epoch(1))
        writer.submit(closed_epoch(2))
        with pytest.raises(FencedError):
            writer.finish()
    assert stored_offsets(lake, RAW_MESSAGES) == [1]
    assert stored_offsets(lake, ALERTS) == [1]


def test_a_failed_append_is_tried_again_as_long_as_its_owner_says(lake: Lake) -> None:
    course = Course(again=True)
    path = lake.path(RAW_MESSAGES)
    path.write_bytes(b"in the way")
    with Writer(lake, course.committed, course.terms()) as writer:
        writer.submit(closed_epoch(1))
        while "AppendError" not in course.seen:
            time.sleep(0.01)
        path.unlink()
        writer.finish()
    assert course.seen[-1] == "epoch"
    assert stored_offsets(lake, RAW_MESSAGES) == [1]


def test_what_follows_a_failure_is_not_committed(lake: Lake) -> None:
    course = Course()
    lake.path(ALERTS).write_bytes(b"in the way")
    with Writer(lake, course.committed, course.terms()) as writer:
        writer.submit(closed_epoch(1))
        while writer.failure is None:
            time.sleep(0.01)
        lake.path(ALERTS).unlink()
        with pytest.raises(AppendError):
            writer.submit(closed_epoch(2))
        with pytest.raises(AppendError):
            writer.finish()
    assert not lake.has(RAW_MESSAGES)
