"""What is absent is named, bounds the total, and is never scored as normal."""

import pytest

from clinical.scores import SCORES
from clinical.scores.definition import PointScore, Score
from clinical.scores.news2 import NEWS2
from tests.clinical.scores.panels import NOW, scored

YEAR = 365.2425
POINTS = [score for score in SCORES if isinstance(score, PointScore)]


def test_news2_of_nothing_but_a_pulse_says_what_the_rest_could_add() -> None:
    found = scored(NEWS2, heart_rate=140)
    assert (found.state, found.observed, found.lowest, found.highest) == ("partial", 3, 3, 20)
    assert found.missing == (
        "respiratory_rate", "spo2", "oxygen", "systolic_bp", "consciousness", "temperature",
    )  # fmt: skip


@pytest.mark.parametrize("score", POINTS, ids=lambda score: f"{score.name}-{score.variant}")
def test_points_without_any_input_are_indeterminate(score: PointScore) -> None:
    found = scored(score)
    assert (found.state, found.observed, found.lowest, found.highest) == (
        "indeterminate", None, None, None,
    )  # fmt: skip


@pytest.mark.parametrize("score", SCORES, ids=lambda score: f"{score.name}-{score.variant}")
def test_a_score_does_not_apply_below_its_age(score: Score) -> None:
    today = NOW / 86_400_000_000
    birthday = score.population.lowest_age * YEAR
    values = dict.fromkeys(score.inputs, 90.0)
    younger = scored(score, **values, birth_date=today - birthday + 2)
    older = scored(score, **values, birth_date=today - birthday - 2)
    assert (younger.state, younger.reason) == (
        "not_applicable", f"age_below_{score.population.lowest_age}",
    )  # fmt: skip
    assert older.state != "not_applicable"


def test_news2_does_not_apply_in_pregnancy() -> None:
    assert scored(NEWS2, heart_rate=80, pregnancy=1).reason == "pregnancy"
    assert scored(NEWS2, heart_rate=80, pregnancy=0).state == "partial"
