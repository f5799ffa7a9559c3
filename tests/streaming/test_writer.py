"""An epoch that reaches over many dates is committed in pieces that do not."""

from datetime import date, timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from streaming.writer import DATES, Epoch, few_dates

FIRST = date(2026, 1, 1)


def epoch(days: list[int]) -> Epoch:
    """One message a row, received on the given days; every other one has an observation."""
    raw = {
        "offset": pa.array(range(len(days)), pa.int64()),
        "received_date": pa.array([FIRST + timedelta(days=day) for day in days], pa.date32()),
    }
    some = {name: column.take(pa.array(range(0, len(days), 2))) for name, column in raw.items()}
    tables = {"observations": pa.table(some), "raw_messages": pa.table(raw)}
    return Epoch("f", 0, len(days) - 1, tables)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=300))
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


def test_an_ordinary_epoch_is_committed_as_it_is() -> None:
    one = epoch([0, 0, 1])
    assert list(few_dates(one)) == [one]
