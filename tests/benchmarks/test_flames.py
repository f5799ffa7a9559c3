"""Flame graphs: what is cut, counted and drawn of sampled stacks."""

import json
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from benchmarks.flame_graph import LEAST, WIDTH, costs, drawn, is_ours, stacks, within
from benchmarks.flames import COSTS, KEPT, MOST, STAGES

RAW = """\
thread (7): MainThread;main (benchmarks/cases.py:36);decode (clinical/wire/__init__.py:20);of (clinical/wire/hl7/text.py:160);take (/srv/venv/lib/python3/site-packages/pyarrow/compute.py:468) 6
thread (7): MainThread;main (benchmarks/cases.py:36);decode (clinical/wire/__init__.py:20) 2
thread (7): MainThread;main (/elsewhere/clone/clinical/wire/time.py:3) 4
thread (8): Writer;_commit (streaming/writer.py:114) 1
"""  # noqa: E501


def test_a_stack_names_no_thread_line_or_directory_of_the_machine():
    frames = {frame for stack in stacks(RAW) for frame in stack}
    assert frames == {
        "main (benchmarks/cases.py)",
        "decode (clinical/wire/__init__.py)",
        "of (clinical/wire/hl7/text.py)",
        "take (pyarrow/compute.py)",
        "main (clinical/wire/time.py)",
        "_commit (streaming/writer.py)",
    }


def test_what_imports_is_no_part_of_any_stage():
    importing = "main (a.py:1);_load (<frozen importlib._bootstrap>:9);<module> (b.py:1) 5\n"
    assert stacks(importing + "main (a.py:1) 1\n") == {("main (a.py)",): 1}


def test_a_stage_is_what_its_root_called_and_nothing_else():
    cut = within(stacks(RAW), "decode (clinical/wire/__init__.py)")
    assert cut.total() == 8
    assert {stack[0] for stack in cut} == {"decode (clinical/wire/__init__.py)"}


def test_time_in_a_library_counts_for_the_function_of_ours_that_called_it():
    shares = costs(within(stacks(RAW), "decode (clinical/wire/__init__.py)"))
    assert shares == {
        "of (clinical/wire/hl7/text.py)": 0.75,
        "decode (clinical/wire/__init__.py)": 0.25,
    }


def test_boxes_of_one_depth_lie_side_by_side_and_within_the_one_above():
    tree = ElementTree.fromstring(drawn("all", stacks(RAW)))  # noqa: S314 drawn here
    boxes = [box for box in tree.iter() if box.tag.endswith("rect")][1:]
    rows = {}
    for box in boxes:
        rows.setdefault(box.get("y"), []).append((float(box.get("x")), float(box.get("width"))))
    assert sum(width for _, width in rows[min(rows, key=int)]) == pytest.approx(WIDTH, abs=1)
    for row in rows.values():
        ordered = sorted(row)
        assert all(left + width <= right + 0.2 for (left, width), (right, _) in pairwise(ordered))


def test_what_is_too_narrow_to_be_read_is_not_drawn():
    found = {("a (x.py)", "wide (x.py)"): 1_000, ("a (x.py)", "narrow (x.py)"): 1}
    drawing = drawn("all", found)
    assert LEAST > 1 / 1_001
    assert "wide" in drawing
    assert "narrow" not in drawing


@pytest.mark.parametrize("name", STAGES)
def test_the_kept_drawing_of_a_stage_is_small_and_names_no_machine(name):
    drawing = (KEPT / f"{name}.svg").read_text(encoding="utf-8")
    assert len(drawing) < 200_000
    assert "(/" not in drawing
    assert ElementTree.fromstring(drawing).tag.endswith("svg")  # noqa: S314 drawn here


@pytest.mark.parametrize("name", STAGES)
def test_the_kept_costs_of_a_stage_are_functions_of_ours_the_dearest_first(name):
    told = json.loads((KEPT / COSTS).read_text(encoding="utf-8"))[name]
    shares = [cost["share"] for cost in told["costs"]]
    assert 3 <= len(shares) <= MOST
    assert shares == sorted(shares, reverse=True)
    assert all(is_ours(cost["where"]) for cost in told["costs"])
    assert told["case"] == STAGES[name].case
