"""Distinct combinations of many rows are those that a loop over the rows finds."""

from itertools import groupby

import numpy as np
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clinical.normalise.distinct import distinct, runs

TEXTS = st.sampled_from([None, "", "ab", "aba", "b"])
# More rows than are told apart one by one.
MANY = 1_100


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from([None, 1, 2])), min_size=1, max_size=5))
@example([("ab", "", 1), ("aba", "", 1), ("b", "", 1)])
@example([("ab", None, 1)])
def test_many_rows_are_told_apart_as_one_by_one(some: list[tuple[object, ...]]) -> None:
    rows = (some * MANY)[:MANY]
    columns = [list(column) for column in zip(*rows, strict=True)]
    texts = [pa.array(column, pa.string()) for column in columns[:2]]
    found = distinct(*texts, pa.array(columns[2], pa.int64()))
    assert found.keys == list(dict.fromkeys(rows))
    assert [found.keys[place] for place in found.which] == rows
    alone = distinct(texts[0])
    assert alone.keys == list(dict.fromkeys((text,) for text in columns[0]))
    assert [alone.keys[place][0] for place in alone.which] == columns[0]


def test_a_column_that_came_encoded_is_numbered_by_its_rows() -> None:
    which = pa.array([2, 0] * MANY, pa.int32())
    column = pa.DictionaryArray.from_arrays(which, pa.array(["a", "b", "c"]))
    found = distinct(column)
    assert found.keys == [("c",), ("a",)]
    assert found.which.tolist() == [0, 1] * MANY


@given(st.lists(st.integers(0, 2), max_size=12))
def test_runs_are_the_equal_numbers_that_stand_together(some: list[int]) -> None:
    begins, lengths = runs(np.array(some, np.int64))
    assert lengths.tolist() == [len(list(same)) for _, same in groupby(some)]
    assert np.repeat(begins, lengths).tolist() == [
        begin
        for begin, length in zip(begins.tolist(), lengths.tolist(), strict=True)
        for _ in range(length)
    ]
    assert begins.tolist() == np.cumsum([0, *lengths.tolist()])[: len(lengths)].tolist()
