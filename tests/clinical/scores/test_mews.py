"""MEWS by Subbe's table: every band on both sides of its edges, and the printed gaps."""

import json
from pathlib import Path

import pytest

from clinical.scores.mews import MEWS_ST_GORAN, MEWS_SUBBE
from tests.clinical.scores.panels import points, scored
from tests.clinical.scoring.test_kdigo import staged

NORMAL = {
    "systolic_bp": 120,
    "heart_rate": 70,
    "respiratory_rate": 12,
    "temperature": 37.0,
    "consciousness": 0,
}

# Subbe et al., QJM 2001;94:521; 70 mmHg and a rate of 40 fall between two printed bands.
EDGES = {
    "systolic_bp": [(69, 3), (70, 3), (71, 2), (80, 2), (81, 1), (100, 1), (101, 0), (199, 0),
                    (199.5, 2), (200, 2)],
    "heart_rate": [(39, 2), (40, 2), (41, 1), (50, 1), (51, 0), (100, 0), (101, 1), (110, 1),
                   (111, 2), (129, 2), (130, 3)],
    "respiratory_rate": [(8, 2), (9, 0), (14, 0), (15, 1), (20, 1), (21, 2), (29, 2), (30, 3)],
    "temperature": [(34.9, 2), (34.94, 2), (34.95, 0), (35.0, 0), (38.4, 0), (38.44, 0), (38.45, 2),
                    (38.5, 2)],
    "consciousness": [(0, 0), (1, 0), (2, 1), (3, 2), (4, 3)],
}  # fmt: skip
CASES = [(name, value, want) for name, edges in EDGES.items() for value, want in edges]


@pytest.mark.parametrize(("name", "value", "want"), CASES)
def test_mews_gives_the_tables_points_on_both_sides_of_an_edge(
    name: str, value: float, want: int
) -> None:
    assert points(scored(MEWS_SUBBE, **{**NORMAL, name: value}), name) == want


def test_mews_of_a_pulse_alone_says_what_the_rest_could_add() -> None:
    found = scored(MEWS_SUBBE, heart_rate=130)
    assert (found.state, found.observed, found.lowest, found.highest) == ("partial", 3, 3, 14)


AVPU = {"Alert": 0, "Voice": 2, "Pain": 3, "Unresponsive": 4}
LABELS = {
    "Rate": "heart_rate", "Pulse": "heart_rate", "Respiration rate": "respiratory_rate",
    "Body temperature": "temperature", "Temperature": "temperature", "Systolic": "systolic_bp",
    "Systolic blood pressure": "systolic_bp",
}  # fmt: skip


def test_the_gdl2_cases_have_subbes_points_wherever_both_tables_have_the_line(
    shared_data: Path,
) -> None:
    lines = (shared_data / "scores_gdl2" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [case for case in map(json.loads, lines) if case["score"].startswith("MEWS")]
    assert len(cases) >= 7
    for case in cases:
        values = {
            LABELS[label]: given["value"]
            for label, given in case["input"].items()
            if label in LABELS
        }
        level = AVPU[case["input"]["AVPU Observation"]["text"]]
        found = scored(MEWS_SUBBE, **values, consciousness=level)
        # That table has urine as well, and gives normal points to what is missing.
        urine = case["expected"].get("Urine output/24 hr", {"ordinal": 0})["ordinal"]
        assert found.observed == case["expected"]["Total score"]["value"] - urine, case["id"]


# Capio S:t Göran as in GDL2 MEWS.v1.2: mL in 24 hours.
URINE = [(0, 3), (249, 3), (250, 2), (750, 2), (751, 1), (1250, 1), (1251, 0), (2500, 0), (2501, 1)]


@pytest.mark.parametrize(("millilitres", "want"), URINE)
def test_st_goran_takes_the_urine_of_a_documented_day(millilitres: float, want: int) -> None:
    day = [(24.0, 300.0), (12.0, float(millilitres)), (0.0, 0.0)]
    found = staged(MEWS_ST_GORAN, urine_output=day)
    assert (points(found, "urine_output"), found.state) == (want, "partial")


def test_st_goran_knows_no_urine_where_the_day_is_not_documented() -> None:
    assert "urine_output" in staged(MEWS_ST_GORAN, urine_output=[(12, 0.0), (0, 0.0)]).missing


def test_st_goran_gives_new_confusion_a_point() -> None:
    for level, want in ((0, 0), (1, 1), (2, 1), (3, 2), (4, 3)):
        assert points(staged(MEWS_ST_GORAN, consciousness=[(0, level)]), "consciousness") == want


def test_every_gdl2_case_of_st_gorans_table_has_its_total(shared_data: Path) -> None:
    lines = (shared_data / "scores_gdl2" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [case for case in map(json.loads, lines) if case["score"] == "MEWS.v1.2"]
    assert len(cases) >= 4
    for case in cases:
        told = {
            LABELS[label]: [(0, given["value"])]
            for label, given in case["input"].items()
            if label in LABELS
        }
        level = AVPU[case["input"]["AVPU Observation"]["text"]]
        day = case["input"]["Total urine output/24 hr"]["value"]
        urine = [(24.0, 0.0), (6.0, day), (0.0, 0.0)]
        found = staged(MEWS_ST_GORAN, **told, consciousness=[(0, level)], urine_output=urine)
        # What those cases leave out they score as normal, which adds nothing to the total.
        assert found.observed == case["expected"]["Total score"]["value"], case["id"]
