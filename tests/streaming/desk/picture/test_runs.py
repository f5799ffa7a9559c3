"""Rows by patient are found again, whatever was added before and since."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.desk.picture.runs import Runs, plain

SCHEMA = pa.schema([("unit", pa.string()), ("value", pa.int64())])
ADDITIONS = st.lists(st.lists(st.integers(0, 6), max_size=12), max_size=9)


def _rows(first, count):
    units = [("MICU", "WEST", None)[number % 3] for number in range(first, first + count)]
    return pa.table({"unit": units, "value": list(range(first, first + count))}, SCHEMA)


def _added(additions):
    """Runs of all additions, and (key, value) of every row in the order in which they came."""
    runs, told = Runs(SCHEMA), []
    for keys in additions:
        rows = _rows(len(told), len(keys))
        runs = runs.with_rows(np.array(keys, np.int64), rows)
        told += zip(keys, rows["value"].to_pylist(), strict=True)
    return runs, told


@settings(max_examples=60)
@given(ADDITIONS, st.sets(st.integers(0, 8)))
def test_rows_of_some_keys_are_all_that_were_added_under_them(additions, keys):
    runs, told = _added(additions)
    found = plain(runs.of(keys))
    assert found.schema == SCHEMA
    assert sorted(found["value"].to_pylist()) == sorted(n for key, n in told if key in keys)
    assert {row["value"]: row["unit"] for row in found.to_pylist()} == {
        n: ("MICU", "WEST", None)[n % 3] for key, n in told if key in keys
    }


@settings(max_examples=40)
@given(ADDITIONS, st.integers(0, 6))
def test_rows_of_one_key_stay_in_the_order_in_which_they_came(additions, key):
    runs, told = _added(additions)
    assert runs.of([key], ("value",))["value"].to_pylist() == [n for k, n in told if k == key]


@settings(max_examples=40)
@given(ADDITIONS, st.integers(0, 40))
def test_what_does_not_stay_is_gone_and_all_else_is_there(additions, least):
    runs, told = _added(additions)
    kept = runs.only(lambda _, rows: pc.greater_equal(rows["value"], least).to_numpy())
    left = [n for _, n in told if n >= least]
    assert sorted(kept.of(range(9))["value"].to_pylist()) == left
    assert kept.num_rows == len(left)


def test_many_additions_make_few_runs():
    runs, _ = _added([[1, 2, 3]] * 200)
    assert len(runs.runs) <= 10
    assert runs.num_rows == 600


def test_reader_keeps_what_it_had_when_more_is_added():
    before, _ = _added([[1, 1]])
    before.with_rows(np.array([1]), _rows(9, 1))
    assert before.of([1]).num_rows == 2
