"""KDIGO: the columns say what plain Python says, and both what the guideline says at its edges."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.concepts import CONCEPTS
from clinical.scores.definition import WindowScore
from clinical.scores.kdigo import KDIGO_2012, KDIGO_MIMIC_CODE
from clinical.scoring.assessment import Assessment
from clinical.scoring.inputs import Panel, Reading
from clinical.scoring.plain_laws import assess
from tests.clinical.scoring.test_engine_equals_reference import START, by_engine, by_reference

HOUR = 3_600_000_000
NOW = START + 1000 * HOUR
Series = list[tuple[float, float]]


def at(hours_ago: float) -> int:
    return NOW - round(hours_ago * HOUR)


def staged(score: WindowScore = KDIGO_2012, **told: Series) -> Assessment:
    """The score of series of (hours ago, value)."""
    past = {
        name: [
            Reading(name, value, at(ago), ("f", 0, place, 0))
            for place, (ago, value) in enumerate(sorted(series, reverse=True))
        ]
        for name, series in told.items()
    }
    panel = Panel({name: found[-1] for name, found in past.items()}, frozenset())
    return assess(score, panel, NOW, past)


def points(found: Assessment) -> dict[str, int | None]:
    return {part.parameter: part.points for part in found.components}


def hourly(value: float, hours: int, first: int = 0) -> Series:
    return [(ago, value) for ago in range(first, first + hours + 1)]


CREATININE = [
    ([(47, 1.0), (0, 1.2)], 0),
    ([(47, 1.0), (0, 1.3)], 1),
    ([(48, 1.0), (0, 1.3)], 1),
    ([(48.1, 1.0), (0, 1.3)], 0),
    ([(100, 0.8), (0, 1.1)], 0),
    ([(100, 0.8), (0, 1.2)], 1),
    ([(168, 0.8), (0, 1.2)], 1),
    ([(169, 0.8), (60, 1.1), (0, 1.2)], 0),
    ([(100, 1.0), (0, 1.9)], 1),
    ([(100, 1.0), (0, 1.95)], 1),
    ([(100, 1.0), (0, 2.0)], 2),
    ([(100, 1.0), (0, 2.9)], 2),
    ([(100, 1.0), (0, 2.95)], 2),
    ([(100, 1.0), (0, 3.0)], 3),
    ([(24, 3.6), (0, 3.9)], 1),
    ([(24, 3.7), (0, 4.0)], 3),
    ([(24, 3.8), (0, 4.0)], 0),
    ([(24, 5.0), (0, 5.2)], 0),
    ([(24, 5.0), (0, 5.3)], 3),
    ([(60, 2.6), (0, 4.0)], 3),
]


@pytest.mark.parametrize(("creatinine", "want"), CREATININE)
def test_creatinine_is_staged_by_its_rise_and_by_its_baseline(
    creatinine: Series, want: int
) -> None:
    assert staged(creatinine=creatinine).observed == want


def test_without_an_earlier_creatinine_there_is_no_stage_by_it() -> None:
    found = staged(creatinine=[(0, 4.2)], weight=[(0, 70.0)], urine_output=hourly(70, 6))
    assert (found.state, found.observed, found.highest) == ("partial", 0, 3)
    assert found.missing == (
        "creatinine", "creatinine_lowest_7_days", "creatinine_lowest_48_hours",
    )  # fmt: skip


# mL an hour at 100 kg, and for how many hours entries go back.
URINE = [
    (50, 6, 0), (49, 6, 1), (49, 11, 1), (49, 12, 2), (50, 12, 0), (29, 23, 2), (29, 24, 3),
    (30, 24, 2), (0, 11, 1), (0, 12, 3), (49, 5, None),
]  # fmt: skip


@pytest.mark.parametrize(("rate", "hours", "want"), URINE)
def test_urine_is_staged_by_what_entries_cover(rate: float, hours: int, want: int | None) -> None:
    found = staged(weight=[(0, 100.0)], urine_output=hourly(rate, hours))
    assert points(found).get("urine_output") == want


def test_undocumented_urine_and_an_unknown_weight_are_missing_and_never_none() -> None:
    silent = staged(weight=[(0, 100.0)], urine_output=hourly(0, 12, first=6))
    assert "urine_output" in silent.missing
    assert (silent.state, silent.observed) == ("indeterminate", None)
    light = staged(urine_output=hourly(0, 12))
    assert light.missing[-2:] == ("urine_output", "weight")


def test_what_was_put_into_the_bladder_is_taken_off() -> None:
    found = staged(weight=[(0, 100.0)], urine_output=hourly(60, 6), irrigant_in=[(3, 61.0)])
    assert points(found)["urine_output"] == 1


def test_more_put_into_the_bladder_than_came_out_is_not_urine_documented() -> None:
    found = staged(weight=[(0, 100.0)], urine_output=hourly(60, 6), irrigant_in=[(3, 3000.0)])
    assert "urine_output" in found.missing


def test_dialysis_is_stage_3_but_not_in_end_stage_disease() -> None:
    assert staged(dialysis=[(5, 1.0)]).observed == 3
    assert staged(dialysis=[(5, 1.0)], end_stage_renal_disease=[(5, 1.0)]).observed != 3


def test_mimic_code_differs_by_its_named_choices() -> None:
    mimic = KDIGO_MIMIC_CODE
    # Binary fractions: 0.8 times 1.5 is above 1.2.
    assert staged(mimic, creatinine=[(100, 0.8), (0, 1.2)]).observed == 0
    # No earlier value, no stage; dialysis is not looked at.
    assert staged(mimic, creatinine=[(0, 4.2)]).observed == 0
    assert staged(mimic, dialysis=[(5, 1.0)]).observed is None
    # One entry stands for an hour, and half a stretch is enough.
    weight = [(0.0, 100.0)]
    assert points(staged(mimic, weight=weight, urine_output=[(0, 40)]))["urine_output"] == 0
    two = staged(mimic, weight=weight, urine_output=[(0, 40), (1, 40)])
    assert points(two)["urine_output"] == 1
    arrived = staged(
        mimic, weight=weight, urine_output=[(0, 40), (1, 40)], icu_admission=[(6, 1.0)]
    )
    assert points(arrived)["urine_output"] == 0


VALUES: Mapping[str, list[float]] = {
    "creatinine": [0.8, 1.0, 1.1, 1.2, 1.6, 2.4, 3.7, 4.0],
    "urine_output": [0, 20, 35, 100, 400],
    "irrigant_in": [50],
    "weight": [70, 80],
    "dialysis": [1],
    "end_stage_renal_disease": [1],
    # Beside it the ratio of a gas, which looks back from its newest value as well.
    "pao2": [60, 80, 90],
    "fio2": [20, 21, 40, 60],
}
fact = st.tuples(
    st.sampled_from([*["creatinine", "urine_output"] * 3, *VALUES]),
    st.integers(0, 7),
    st.sampled_from([0, 0, 0, 60, 120, 360, 361, 1000, 2880, 2881, 9000, 10080, 12000]),
    st.integers(0, 9),
    st.sampled_from([False, False, False, False, True]),
)
feed = st.lists(
    st.tuples(st.sampled_from([0, 60, 300, 1500]), st.lists(fact, min_size=1, max_size=5)),
    min_size=1,
    max_size=20,
)


def rows(messages: list[Any]) -> list[dict[str, Any]]:
    found, now = [], START
    for offset, (after, facts) in enumerate(messages):
        now += after * 60_000_000
        for row, (name, pick, late, identity, void) in enumerate(facts):
            effective = now - late * 60_000_000
            # An observation's identity includes its time, an event's does not.
            timed = "" if CONCEPTS[name].kind == "event" else effective
            found.append(
                {
                    "feed": "f", "partition": 0, "offset": offset, "row": row, "received_at": now,
                    "patient_id": f"p{identity % 2}", "encounter_id": "e", "concept": name,
                    "effective_at": effective, "void": void,
                    "value": float(VALUES[name][pick % len(VALUES[name])]),
                    "signal_id": f"{name}:{identity}:{timed}", "merge": None,
                }
            )  # fmt: skip
    # One message is about one patient.
    for row in found:
        row["patient_id"] = next(
            other["patient_id"] for other in found if other["offset"] == row["offset"]
        )
    return found


@settings(max_examples=60, deadline=None)
@given(feed, st.lists(st.integers(1, 19), max_size=3))
def test_the_columns_stage_as_plain_python_does_however_a_feed_is_cut(
    messages: list[Any], cuts: list[int]
) -> None:
    told = rows(messages)
    assert by_engine(told, cuts) == by_reference(told)
