"""Sepsis points: the table that was derived, on both sides of every edge."""

import json
from itertools import product
from pathlib import Path

import pytest

from clinical.concepts import CONCEPTS
from clinical.scores.bands import INF
from clinical.scores.sepsis_points import SEPSIS_POINTS, WARNING
from clinical.scoring.inputs import HOURS_IN_CARE
from tests.clinical.scores.panels import points, scored

ROOT = Path(__file__).resolve().parents[3]
STORED = json.loads((ROOT / "docs/derivations/sepsis_points.json").read_text(encoding="utf-8"))
TABLE = {item.name: item.alternatives[0].bands[0] for item in SEPSIS_POINTS.parameters}
EDGES = [(name, bound) for name, bands in TABLE.items() for bound in bands.bounds]

# Published nowhere but here: value -> points, on both sides of every edge.
EXPECTED = {
    "hours_in_icu": [(0, 1), (12, 1), (13, 0), (35, 0), (36, 1), (41, 1), (42, 3), (47, 3), (48, 4),
                     (53, 4), (54, 6), (59, 6), (60, 9), (71, 9), (72, 10), (83, 10), (84, 12)],
    "hours_in_hospital": [(0, 10), (4, 10), (5, 7), (8, 7), (9, 0)],
    "hours_before_icu": [(0, 4), (1, 0), (239, 0), (240, 3)],
    "temperature": [(36.0, 3), (36.04, 3), (36.05, 0), (36.1, 0), (37.4, 0), (37.5, 3), (37.9, 3),
                    (37.94, 3), (37.95, 5), (38.0, 5)],
    "heart_rate": [(89, 0), (89.4, 0), (89.5, 1), (90, 1), (109, 1), (110, 3)],
    "respiratory_rate": [(23, 0), (23.4, 0), (23.5, 1), (24, 1)],
    "systolic_bp": [(100, 3), (100.5, 1), (101, 1), (110, 1), (111, 0)],
    "spo2": [(94, 2), (94.5, 0), (95, 0)],
    "etco2": [(30, 5), (31, 4), (35, 4), (36, 2)],
    "fio2": [(21, 4), (100, 4)],
    "wbc": [(11.9, 0), (12.0, 2), (14.9, 2), (15.0, 3), (19.9, 3), (20.0, 4)],
    "creatinine": [(1.1, 0), (1.2, 2), (1.4, 2), (1.5, 3), (1.9, 3), (2.0, 4)],
    "bun": [(39, 0), (40, 2)],
    "bilirubin_total": [(0.5, 1), (3.9, 1), (4.0, 2)],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "want"),
    [(name, value, want) for name, edges in EXPECTED.items() for value, want in edges],
)
def test_each_value_has_its_points_on_both_sides_of_an_edge(name, value, want):
    assert points(scored(SEPSIS_POINTS, **{name: value}), name) == want


@pytest.mark.parametrize(("name", "bound"), EDGES)
def test_every_edge_is_tested_on_both_sides(name, bound):
    step = CONCEPTS[name].precision if name in CONCEPTS else 1
    values = {value for value, _ in EXPECTED[name]}
    assert {bound, round(bound + step, 6)} <= values


def test_the_table_and_the_limit_are_those_that_were_derived():
    shipped = {
        name: [
            [None if top == INF else top, given]
            for top, given in zip((*bands.bounds, INF), bands.scored, strict=True)
        ]
        for name, bands in TABLE.items()
    }
    assert shipped == STORED["table"]
    assert STORED["threshold"] == WARNING


def test_hours_alone_never_reach_a_warning():
    moments = [
        (before + here, here, before) for before, here in product((0, 1, 9, 239, 240), range(400))
    ]
    totals = [
        sum(
            TABLE[name].points(hours)
            for name, hours in zip(
                ("hours_in_hospital", "hours_in_icu", "hours_before_icu"), moment, strict=True
            )
        )
        for moment in moments
    ]
    assert max(totals) < WARNING
    assert set(HOURS_IN_CARE) <= set(TABLE)


def test_a_missing_value_has_no_points_and_is_named():
    found = scored(SEPSIS_POINTS, temperature=38.5, hours_in_icu=20)
    assert (found.state, found.observed, found.lowest) == ("partial", 5, 5)
    assert "heart_rate" in found.missing
