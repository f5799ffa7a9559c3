"""Marts are read together at versions of one cut."""

import json

import duckdb
import pytest

from lakehouse.batch_reading import attach_marts
from lakehouse.catalogue import equip, quoted_text
from lakehouse.cuts import Cut
from lakehouse.mart_history import at_one_cut
from lakehouse.publishing import Publication, publish

EARLIER, LATER = (json.dumps(Cut({("icu", 0): offset}).to_json()) for offset in (1, 2))


def test_midst_of_a_build_shows_every_mart_as_the_build_before_left_it(lake):
    _build(lake, ["a", "b"], cut=EARLIER)
    _build(lake, ["a"], cut=LATER)
    assert _read(lake, "a", "b") == [EARLIER, EARLIER]


def test_finished_build_is_shown_whole(lake):
    _build(lake, ["a", "b"], cut=EARLIER)
    _build(lake, ["a", "b"], cut=LATER)
    assert _read(lake, "a", "b") == [LATER, LATER]


def test_second_build_at_the_same_cut_is_the_one_that_is_read(lake):
    _build(lake, ["a", "b"], cut=EARLIER)
    _build(lake, ["a", "b"], cut=EARLIER)
    assert {found.version for found in at_one_cut(lake).values()} == {1}


def test_marts_without_a_cut_in_common_are_shown_as_they_are(lake):
    _build(lake, ["a"], cut=EARLIER)
    _build(lake, ["b"], cut=LATER)
    assert _read(lake, "a", "b") == [EARLIER, LATER]


@pytest.mark.parametrize("made", [(), ("a",)])
def test_lake_with_few_marts_or_none_can_be_read(lake, made):
    _build(lake, made, cut=EARLIER)
    assert set(at_one_cut(lake)) == set(made)


def _build(lake, marts, cut):
    with duckdb.connect() as connection:
        for mart in marts:
            connection.execute(f"create or replace table made as select {quoted_text(cut)} as cut")
            publication = Publication(mart, "run", ("cut",), cut=cut)
            publish(connection, "made", lake.root / "marts" / mart, publication)


def _read(lake, *marts):
    """The cut that each mart's rows were made at."""
    versions = {mart: found.version for mart, found in at_one_cut(lake).items()}
    with duckdb.connect() as connection:
        equip(connection)
        attach_marts(connection, lake, versions)
        return [connection.execute(f"from marts.{mart}").fetchone()[0] for mart in marts]
