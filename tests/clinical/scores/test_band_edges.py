"""Every published band on both sides of its edges (clinical-definitions of RCP, Sepsis-3, ACCP)."""

import pytest

from clinical.scores import BY_VARIANT
from clinical.scores.news2 import NEWS2
from clinical.scores.qsofa import QSOFA_GCS13, QSOFA_GCS15
from clinical.scores.sirs import SIRS
from tests.clinical.scores.panels import points, scored

NORMAL = {
    "respiratory_rate": 16,
    "spo2": 98,
    "oxygen": 0,
    "systolic_bp": 120,
    "heart_rate": 70,
    "consciousness": 0,
    "temperature": 37.0,
}

# Royal College of Physicians, NEWS2, 2017, chart 1: value -> points.
NEWS2_EDGES = {
    "respiratory_rate": [(8, 3), (8.4, 3), (8.5, 1), (9, 1), (11, 1), (12, 0), (20, 0), (20.4, 0),
                         (20.5, 2), (21, 2), (24, 2), (25, 3)],
    "spo2": [(91, 3), (92, 2), (93, 2), (94, 1), (95, 1), (95.4, 1), (95.5, 0), (96, 0)],
    "oxygen": [(0, 0), (1, 2)],
    "systolic_bp": [(90, 3), (91, 2), (100, 2), (101, 1), (110, 1), (111, 0), (219, 0), (220, 3)],
    "heart_rate": [(40, 3), (41, 1), (50, 1), (51, 0), (90, 0), (91, 1), (110, 1), (111, 2),
                   (130, 2), (131, 3)],
    "consciousness": [(0, 0), (1, 3), (2, 3), (3, 3), (4, 3)],
    "temperature": [(35.0, 3), (35.04, 3), (35.05, 1), (35.1, 1), (36.0, 1), (36.1, 0), (38.0, 0),
                    (38.04, 0), (38.05, 1), (38.1, 1), (39.0, 1), (39.1, 2)],
}  # fmt: skip
EDGES = [(name, value, want) for name, edges in NEWS2_EDGES.items() for value, want in edges]


@pytest.mark.parametrize(("name", "value", "want"), EDGES)
def test_news2_gives_the_charts_points_on_both_sides_of_an_edge(
    name: str, value: float, want: int
) -> None:
    assert points(scored(NEWS2, **{**NORMAL, name: value}), name) == want


# Scale 2: target 88-92 %; above it only supplemental oxygen scores.
SCALE_2 = [
    (83, 3, 3), (84, 2, 2), (85, 2, 2), (86, 1, 1), (87, 1, 1), (88, 0, 0), (92, 0, 0),
    (93, 0, 1), (94, 0, 1), (95, 0, 2), (96, 0, 2), (97, 0, 3), (100, 0, 3),
]  # fmt: skip


@pytest.mark.parametrize(("spo2", "on_air", "on_oxygen"), SCALE_2)
def test_news2_scale_2_scores_high_saturation_only_on_oxygen(
    spo2: float, on_air: int, on_oxygen: int
) -> None:
    prescribed = {**NORMAL, "spo2": spo2, "spo2_scale": 2}
    assert points(scored(NEWS2, **{**prescribed, "oxygen": 0}), "spo2") == on_air
    assert points(scored(NEWS2, **{**prescribed, "oxygen": 1}), "spo2") == on_oxygen


def test_news2_uses_scale_1_unless_scale_2_is_prescribed() -> None:
    values = {**NORMAL, "spo2": 90, "oxygen": 1}
    assert points(scored(NEWS2, **values), "spo2") == 3
    assert points(scored(NEWS2, **values, spo2_scale=1), "spo2") == 3
    assert points(scored(NEWS2, **values, spo2_scale=2), "spo2") == 0


def test_news2_on_scale_2_bounds_what_unknown_oxygen_could_add() -> None:
    values = {name: value for name, value in NORMAL.items() if name != "oxygen"}
    found = scored(NEWS2, **{**values, "spo2": 97}, spo2_scale=2)
    assert (found.lowest, found.highest, found.missing) == (0, 5, ("oxygen",))


QSOFA_EDGES = [
    ("systolic_bp", 100, 1), ("systolic_bp", 101, 0),
    ("respiratory_rate", 21, 0), ("respiratory_rate", 22, 1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "want"), QSOFA_EDGES)
def test_qsofa_counts_pressure_and_breathing_at_their_limits(
    name: str, value: float, want: int
) -> None:
    normal = {"systolic_bp": 120, "respiratory_rate": 16, "gcs": 15}
    assert points(scored(QSOFA_GCS15, **{**normal, name: value}), name) == want
    assert points(scored(QSOFA_GCS13, **{**normal, name: value}), name) == want


@pytest.mark.parametrize(("gcs", "below_15", "at_most_13"), [(15, 0, 0), (14, 1, 0), (13, 1, 1)])
def test_the_two_readings_of_altered_mentation_differ_at_14(
    gcs: float, below_15: int, at_most_13: int
) -> None:
    assert points(scored(QSOFA_GCS15, gcs=gcs), "gcs") == below_15
    assert points(scored(QSOFA_GCS13, gcs=gcs), "gcs") == at_most_13


SIRS_EDGES = [
    ("temperature", "temperature", 38.0, 0), ("temperature", "temperature", 38.1, 1),
    ("temperature", "temperature", 36.0, 0), ("temperature", "temperature", 35.9, 1),
    ("heart_rate", "heart_rate", 90, 0), ("heart_rate", "heart_rate", 91, 1),
    ("respiratory_rate", "respiration", 20, 0), ("respiratory_rate", "respiration", 21, 1),
    ("paco2", "respiration", 32, 0), ("paco2", "respiration", 31.9, 1),
    ("wbc", "white_cells", 12.0, 0), ("wbc", "white_cells", 12.1, 1),
    ("wbc", "white_cells", 4.0, 0), ("wbc", "white_cells", 3.9, 1),
    ("band_neutrophils", "white_cells", 10, 0), ("band_neutrophils", "white_cells", 10.1, 1),
]  # fmt: skip


@pytest.mark.parametrize(("concept", "parameter", "value", "want"), SIRS_EDGES)
def test_sirs_inequalities_are_strict(
    concept: str, parameter: str, value: float, want: int
) -> None:
    assert points(scored(SIRS, **{concept: value}), parameter) == want


def test_sirs_takes_the_worse_of_two_alternatives() -> None:
    assert points(scored(SIRS, respiratory_rate=16, paco2=30), "respiration") == 1
    assert points(scored(SIRS, wbc=8, band_neutrophils=12), "white_cells") == 1


def test_rox_of_the_worked_example_and_its_conditions() -> None:
    rox = BY_VARIANT["rox", "roca2019"]
    values = {"spo2": 92, "fio2": 60, "respiratory_rate": 28, "oxygen_device": 9}
    assert round(scored(rox, **values).observed or 0, 2) == 5.48
    assert scored(rox, **{**values, "oxygen_device": 1}).reason == "not_on_high_flow"
    assert scored(rox, **{**values, "fio2": 20}).reason == "fio2_below_air"
    assert scored(rox, **{**values, "respiratory_rate": 0}).reason == "respiratory_rate_zero"


def test_sf_ratio_means_nothing_above_97_per_cent() -> None:
    ratio = BY_VARIANT["sf_ratio", "rice2007"]
    assert scored(ratio, spo2=97, fio2=40).observed == 97 / 0.4
    assert scored(ratio, spo2=98, fio2=40).reason == "spo2_above_97"
    assert scored(ratio, spo2=98, fio2=40).observed is None
