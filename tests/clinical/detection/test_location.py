"""A patient lies where the newest message says, also over merges and however a feed is cut."""

from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.detection.location import Locations

Step = dict[str, Any]
names = st.sampled_from(["p1", "p2", "p3"])
move = st.builds(dict, patient=names, unit=st.sampled_from([None, "A", "B", "C"]))
merge = st.builds(dict, retired=names, surviving=names)
steps = st.lists(st.one_of(move, move, move, merge), max_size=14)


def _events(told: list[Step], first: int) -> pa.Table:
    rows = [
        {"patient_id": step["patient"], "message": number - first, "unit": step["unit"]}
        for number, step in enumerate(told, first)
        if "patient" in step
    ]
    kinds = {"patient_id": pa.string(), "message": pa.int32(), "unit": pa.string()}
    return pa.Table.from_pylist(rows, pa.schema(kinds.items()))


def _survivor(survivors: dict[str, str], name: str) -> str:
    while name in survivors:
        name = survivors[name]
    return name


def found(told: list[Step], cuts: list[int]) -> list[dict[str, str | None]]:
    """Where everybody lies after each message."""
    locations, survivors = Locations(), {}
    places = []
    edges = sorted({0, len(told), *(cut for cut in cuts if cut < len(told))})
    for low, high in pairwise(edges):
        locations.learn(_events(told[low:high], low))
        for number in range(low, high):
            step = told[number]
            if "retired" in step:
                old, new = (_survivor(survivors, step[name]) for name in ("retired", "surviving"))
                if old != new:
                    survivors[old] = new
                locations.merge(old, new, number - low)
            alive = {"p1", "p2", "p3"} - survivors.keys()
            places.append({name: locations.unit_of(name, number - low) for name in sorted(alive)})
        locations.settle()
    return places


def plainly(told: list[Step]) -> list[dict[str, str | None]]:
    units: dict[str, str] = {}
    survivors: dict[str, str] = {}
    places = []
    for step in told:
        if "retired" in step:
            old, new = (_survivor(survivors, step[name]) for name in ("retired", "surviving"))
            if old != new:
                survivors[old] = new
                was = units.pop(old, None)
                if was is not None:
                    units.setdefault(new, was)
        elif step["unit"]:
            units[_survivor(survivors, step["patient"])] = step["unit"]
        alive = {"p1", "p2", "p3"} - survivors.keys()
        places.append({name: units.get(name) for name in sorted(alive)})
    return places


@given(steps, st.lists(st.integers(1, 13), max_size=4))
def test_where_a_patient_lies_is_the_plain_rule_however_the_feed_is_cut(
    told: list[Step], cuts: list[int]
) -> None:
    assert found(told, cuts) == plainly(told)


@pytest.mark.parametrize("cuts", [[], [1], [2], [1, 2]])
def test_the_survivor_lies_where_the_retired_identifier_was(cuts: list[int]) -> None:
    told: list[Step] = [{"patient": "p1", "unit": "A"}, {"retired": "p1", "surviving": "p2"}]
    told.append({"patient": "p1", "unit": "B"})
    assert [one.get("p2") for one in found(told, cuts)] == [None, "A", "B"]
