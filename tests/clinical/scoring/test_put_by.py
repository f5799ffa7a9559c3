"""What is put by comes back wherever it decides something: cut anywhere, a fold is the same."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.context.contexts import CONTEXTS
from clinical.context.definition import Context
from clinical.normalise.signals import PROVENANCE, SIGNALS
from clinical.scoring.engine import Engine, Moments
from clinical.scoring.memory import CONCEPT_NUMBER, QUIET, WINDOWED
from tests.clinical.scores.panels import NOW

MINUTE = 60_000_000
VITALS = ("heart_rate", "spo2", "temperature", "mean_bp")

told_facts = st.lists(
    st.fixed_dictionaries(
        {
            "concept": st.sampled_from(VITALS),
            "patient": st.sampled_from(["p1", "p2"]),
            "value": st.integers(30, 40),
            "after": st.sampled_from([0, 1, 30, 400]),
            "late": st.sampled_from([0, 0, 1, 31, 500, 2_400]),
            # Another version, or the withdrawal, of the fact so many before this one.
            "again": st.sampled_from([0, 0, 0, 1, 2, 5]),
            "void": st.booleans(),
            "unordered": st.booleans(),
        }
    ),
    min_size=4,
    max_size=40,
)


def _signals(told: Sequence[dict[str, Any]]) -> pa.Table:
    rows: list[dict[str, Any]] = []
    now = NOW
    for offset, one in enumerate(told):
        now += one["after"] * MINUTE
        row = {"feed": "f", "partition": 0, "offset": offset, "row": 0, "received_at": now}
        row |= {"facility": "H", "patient_id": one["patient"], "encounter_id": "e"}
        row |= {"concept": one["concept"], "effective_at": now - one["late"] * MINUTE}
        row |= {"signal_id": f"s{offset}", "value": float(one["value"]), "void": False}
        if 0 < one["again"] <= offset:
            same = rows[offset - one["again"]]
            row |= {name: same[name] for name in ("concept", "effective_at", "signal_id")}
            row |= {"patient_id": same["patient_id"], "void": one["void"]}
        row["written"] = now - 40 * MINUTE * one["unordered"]
        rows.append(row | {"value": None if row["void"] else row["value"], "message": offset})
    return pa.Table.from_pylist(rows, pa.unify_schemas([SIGNALS, PROVENANCE]))


def _told(moments: Moments) -> list[tuple[Any, ...]]:
    """Whose moment, the values that count there, and all that was ever known of its vital signs."""
    found = []
    for at in range(len(moments.now)):
        values = [float(moments.panel[name].value[at]) for name in VITALS]
        found.append((moments.patient[at].as_py(), str(values), _known(moments, at)))
    return found


def _known(moments: Moments, at: int) -> list[tuple[int, int, float]]:
    earlier = moments.of_owners(np.array([at]))
    history, points = earlier.timeline.history, earlier.timeline.points
    rows = history.rows(*VITALS)
    rows = rows[(rows <= points.known[at]) & (points.known[at] < history.gone(rows))]
    assert (history.owner[rows] == points.owner[at]).all()
    told = history.stack[rows]
    # What both remember: each batch lets go of what is too old by then.
    young = told[told["effective"] > moments.now[at] - 24 * 60 * MINUTE]
    return sorted(
        (int(one["concept"]), int(one["effective"]), float(one["value"])) for one in young
    )


@settings(max_examples=40, deadline=None)
@given(told_facts, st.lists(st.integers(1, 39), max_size=30))
def test_cut_anywhere_the_same_counts_and_the_same_was_known(
    told: list[dict[str, Any]], cuts: list[int]
) -> None:
    signals, whole, pieces = _signals(told), Engine(), Engine()
    expected = _told(whole.step(signals))
    edges = [0, *sorted({cut for cut in cuts if cut < len(told)}), len(told)]
    found = [
        one
        for begin, end in pairwise(edges)
        for one in _told(pieces.step(signals.slice(begin, end - begin)))
    ]
    assert found == expected


def test_nothing_that_is_put_by_is_told_again_by_a_batch_that_needs_none_of_it() -> None:
    engine, size = Engine(), 30
    vital = {"patient": "p1", "value": 37, "after": 1, "late": 0, "again": 0, "void": False}
    told = [{**vital, "concept": "temperature", "unordered": False}] * size
    signals = _signals(told)
    for at in range(size):
        moments = engine.step(signals.slice(at, 1))
    assert len(moments.stack) == 2
    assert len(moments.of_owners(np.array([0])).stack) == size


def test_who_asks_for_what_is_put_by_without_saying_so_is_refused() -> None:
    vital = {"patient": "p1", "value": 37, "after": 1, "late": 0, "again": 0, "void": False}
    moments = Engine().step(_signals([{**vital, "concept": "spo2", "unordered": False}]))
    with pytest.raises(LookupError):
        moments.timeline.history.rows("spo2")


def test_no_window_and_no_context_reads_earlier_values_of_what_is_put_by() -> None:
    read = {
        each.concept
        for one in CONTEXTS.values()
        if isinstance(one, Context)
        for each in one.evidence
    }
    assert CONCEPT_NUMBER.keys() >= QUIET
    assert QUIET.isdisjoint(read)
    assert QUIET.isdisjoint(WINDOWED)
