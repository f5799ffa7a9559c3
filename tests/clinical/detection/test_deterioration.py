"""NEWS2 is held against what it was: both sides of the limit, and like against like."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.detection.deterioration import WINDOW
from clinical.detection.lowest import known_parameters, lowest
from clinical.detection.past import points_of, score_at
from clinical.normalise.signal_rows import PROVENANCE, SIGNALS
from clinical.scores.news2 import NEWS2
from clinical.scoring.engine import Engine, Moments
from clinical.scoring.laws import assess
from clinical.scoring.timeline import Points
from clinical.scoring.winners import NONE
from tests.clinical.detection.ward import Ward

CALM = {"heart_rate": 80, "respiratory_rate": 16, "systolic_bp": 120}
RULES = {"news2_rise", "worse_on_treatment"}


def _found(ward: Ward) -> list[str]:
    return [rule for (rule,) in ward.told("rule") if rule in RULES]


@pytest.mark.parametrize(("heart_rate", "rises"), [(130, False), (131, True)])
def test_a_rise_counts_from_3_points(heart_rate: float, *, rises: bool) -> None:
    ward = Ward()
    ward.chart(0, **CALM)
    ward.chart(6, **{**CALM, "heart_rate": heart_rate})
    assert bool(_found(ward)) is rises


@pytest.mark.parametrize(("hours", "rises"), [(23.9, True), (24.0, False)])
def test_the_lowest_counts_for_a_day(hours: float, *, rises: bool) -> None:
    ward = Ward()
    ward.chart(0, **CALM)
    ward.chart(1, **{**CALM, "heart_rate": 115})  # 2 points
    ward.chart(hours, **{**CALM, "heart_rate": 135})  # 3 points
    ward.chart(hours, respiratory_rate=21)  # and 2 more: 5, against 0 or against 2
    assert _found(ward)
    other = Ward()
    other.chart(0, **CALM)
    other.chart(1, **{**CALM, "heart_rate": 115})
    other.chart(hours, **{**CALM, "heart_rate": 135})
    assert bool(_found(other)) is rises


def test_a_set_that_knew_less_is_nothing_to_rise_from() -> None:
    ward = Ward()
    ward.chart(0, heart_rate=80)
    ward.chart(1, heart_rate=80, systolic_bp=85)
    assert _found(ward) == []
    ward.chart(2, heart_rate=131, systolic_bp=85)
    assert _found(ward) == ["news2_rise"]


def test_a_low_value_that_turns_out_wrong_is_nothing_to_rise_from() -> None:
    ward = Ward()
    ward.chart(0, **{**CALM, "heart_rate": 131})
    ward.chart(1, heart_rate=80)
    ward.chart(1, withdrawn=True, heart_rate=80)
    ward.chart(2, heart_rate=132)
    assert _found(ward) == []


def test_a_low_value_that_is_told_late_is_one_to_rise_from() -> None:
    ward = Ward()
    ward.chart(3, **{**CALM, "heart_rate": 131})
    ward.chart(1, **CALM)
    ward.chart(4, heart_rate=132)
    assert _found(ward) == ["news2_rise"]


@pytest.mark.parametrize(("hours", "rule"), [(24.9, "worse_on_treatment"), (25.1, None)])
def test_treatment_counts_for_a_day(hours: float, rule: str | None) -> None:
    ward = Ward()
    ward.chart(0, **CALM)
    ward.antibiotic(1)
    ward.chart(12, heart_rate=80, respiratory_rate=16, systolic_bp=120)
    ward.chart(hours, **{**CALM, "heart_rate": 131})
    assert ("worse_on_treatment" in _found(ward)) is (rule is not None)


def test_a_rise_before_treatment_is_no_worsening_on_it() -> None:
    ward = Ward()
    ward.chart(0, **CALM)
    ward.chart(1, **{**CALM, "heart_rate": 131})
    ward.antibiotic(2)
    ward.chart(3, **{**CALM, "heart_rate": 132})
    assert _found(ward) == ["news2_rise"]


def test_the_alert_quotes_the_earlier_total_and_its_inputs() -> None:
    ward = Ward()
    ward.chart(0, **CALM)
    ward.chart(6, heart_rate=131)
    [alert] = [one for one in ward.alerts if one["rule"] == "news2_rise"]
    told = [(item["name"], item["value"]) for item in alert["evidence"]]
    assert ("news2 (rcp2017)", 3) in told
    assert ("news2_lowest_of_24_h (rcp2017)", 0) in told
    assert ("heart_rate, news2_lowest_of_24_h", 80) in told
    assert ("heart_rate", 131) in told


MINUTE = 60_000_000
VALUES = {
    "respiratory_rate": [16, 21, 26],
    "spo2": [85, 93, 98],
    "heart_rate": [80, 115, 135],
    "systolic_bp": [85, 105, 120],
    "oxygen_flow": [0, 4],
    "spo2_scale": [1, 2],
}
told_facts = st.lists(
    st.fixed_dictionaries(
        {
            "concept": st.sampled_from(sorted(VALUES)),
            "pick": st.integers(0, 5),
            "patient": st.sampled_from(["p1", "p1", "p2"]),
            "late": st.sampled_from([0, 0, 0, 1, 90, 719, 721, 1439, 1441]),
            "after": st.sampled_from([0, 0, 1, 45, 300, 700]),
            "identity": st.integers(0, 5),
            "void": st.sampled_from([False, False, False, True]),
        }
    ),
    min_size=5,
    max_size=40,
)


def _signals(told: list[dict[str, Any]]) -> pa.Table:
    """One message per fact, in the order they were told."""
    rows, now = [], 1_767_571_200_000_000
    for offset, one in enumerate(told):
        now += one["after"] * MINUTE
        values = VALUES[one["concept"]]
        value = None if one["void"] else float(values[one["pick"] % len(values)])
        row = {"feed": "f", "partition": 0, "offset": offset, "row": 0, "received_at": now}
        row |= {"facility": "H", "patient_id": one["patient"], "encounter_id": "e"}
        row |= {"effective_at": now - one["late"] * MINUTE, "value": value, "void": one["void"]}
        identity = f"{one['concept']}{one['identity']}"
        rows.append(row | {"concept": one["concept"], "signal_id": identity, "message": offset})
    schema = pa.unify_schemas([SIGNALS, PROVENANCE])
    return pa.Table.from_pylist(rows, schema)


def _plainly(moments: Moments, place: int, observed: float, knows: int) -> float | None:
    """The lowest earlier total by trying every time at which anything was measured."""
    history, point = moments.timeline.history, points_of(moments, np.array([place]))
    [owner], [known], [now] = point.owner, point.known, point.now
    told = (np.arange(len(history.owner)) <= known) & ~history.stack["void"]
    times = history.stack["effective"][told & (history.owner == owner)]
    times = np.unique(times[(times > now - WINDOW) & (times <= now)])
    if not len(times):
        return None
    same = np.ones(len(times), np.int64)
    was = score_at(moments, NEWS2, Points(same * owner, same * known, times))
    held = was.observed[known_parameters(was) & knows == knows]
    return float(held.min()) if len(held) else None


@settings(max_examples=40, deadline=None)
@given(told_facts, st.integers(0, 40))
def test_the_lowest_is_that_of_every_time_however_late_or_wrong_the_facts(
    told: list[dict[str, Any]], cut: int
) -> None:
    engine, signals = Engine(), _signals(told)
    for part in filter(len, (signals.slice(0, cut), signals.slice(cut))):
        moments = engine.step(part)
        news2 = assess(NEWS2, moments.panel, moments.timeline)
        asked = np.flatnonzero(~np.isnan(news2.observed))
        if not len(asked):
            continue
        knows = known_parameters(news2)[asked]
        earlier = moments.of_owners(asked)
        points = points_of(earlier, asked)
        found, least = lowest(earlier, NEWS2, points, knows, WINDOW)
        was = score_at(earlier, NEWS2, Points(points.owner, points.known, found))
        for number, place in enumerate(asked.tolist()):
            expected = _plainly(earlier, place, news2.observed[place], knows[number])
            if expected is None:
                assert found[number] == NONE
            else:
                assert was.observed[number] == least[number] == expected
