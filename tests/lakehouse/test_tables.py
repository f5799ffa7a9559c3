"""Contracts: what every table has, and what a row must be."""

import math

import pyarrow as pa
import pytest

from lakehouse.tables import OBSERVATIONS, TABLES

NEEDED = {"feed", "partition", "offset", "row", "received_at", "received_date"}


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_contract_is_whole(table):
    names = table.schema.names
    assert len(names) == len(set(names))
    assert set(names) >= NEEDED
    assert set(table.key) <= set(names)
    assert all(column.description.endswith(".") for column in table.columns)


def test_raw_messages_is_the_last_table():
    assert list(TABLES)[-1] == "raw_messages"


def replaced(rows, name, values):
    place = rows.schema.get_field_index(name)
    return rows.set_column(place, name, values)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("offset", pa.array([7.9])),
        ("partition", pa.array([2**40])),
        ("value", pa.array(["12"])),
        ("value", pa.array(["12"]).dictionary_encode()),
        ("value", pa.array([float("nan")])),
        ("value", pa.array([float("inf")])),
        ("effective_at", pa.array([1], pa.timestamp("ns", "UTC"))),
        ("feed", pa.array([None], pa.string())),
        ("is_scored", pa.array(["yes"])),
    ],
)
def test_column_that_would_lose_something_is_refused_without_its_value(rows, column, values):
    batch = replaced(rows(OBSERVATIONS, [0]), column, values)
    with pytest.raises(ValueError, match=f"column `observations.{column}`") as caught:
        OBSERVATIONS.conform(batch)
    assert not any(
        str(value) in str(caught.value)
        for value in values.to_pylist()
        if value not in {None, math.inf}
    )


def test_cast_that_loses_nothing_is_made(rows):
    batch = replaced(rows(OBSERVATIONS, [0]), "concept", pa.array(["spo2"]).dictionary_encode())
    batch = replaced(batch, "partition", pa.array([0], pa.int64()))
    assert OBSERVATIONS.conform(batch).schema.equals(OBSERVATIONS.schema)


def test_columns_may_come_in_any_order(rows):
    batch = rows(OBSERVATIONS, [0, 1])
    turned = batch.select(list(reversed(batch.column_names)))
    assert OBSERVATIONS.conform(turned).equals(batch)


def test_missing_and_unknown_columns_are_named(rows):
    batch = rows(OBSERVATIONS, [0]).drop_columns(["concept"]).append_column("x", pa.array([1]))
    with pytest.raises(ValueError, match=r"lack the columns \['concept'\] and add \['x'\]"):
        OBSERVATIONS.conform(batch)
