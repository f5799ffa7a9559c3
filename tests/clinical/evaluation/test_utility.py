"""The challenge's utility: published cases to the last digit, and the laws of the sum."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.evaluation.utility import by_stay, utility, worth

# Label of a stay of 40 hours whose onset is hour 20: true from 6 hours before it.
ONSET, HOURS = 20, 40
SEPTIC = np.arange(HOURS) >= ONSET - 6


def of_one(label, prediction):
    stays = by_stay(np.zeros(len(label), np.int64), np.array(label, bool))
    return utility(stays, np.array(prediction, bool))


def column(path: Path, name: str) -> np.ndarray:
    with path.open() as lines:
        place = lines.readline().strip().split("|").index(name)
        return np.array([line.strip().split("|")[place] == "1" for line in lines])


def test_the_example_of_the_official_scorer_is_met_to_the_last_digit():
    found = of_one([0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 1, 1])
    assert found.observed[0] == 3.388888888888889


@pytest.mark.parametrize(
    ("hour", "warning", "silence"),
    [
        (-13, -0.05, 0),
        (-12, 0, 0),
        (-9, 0.5, 0),
        (-6, 1, 0),
        (-3, 2 / 3, -2 / 3),
        (0, 1 / 3, -4 / 3),
        (3, 0, -2),
        (4, 0, 0),
    ],
)
def test_each_hour_around_the_onset_has_its_published_worth(hour, warning, silence):
    hourly = worth(by_stay(np.zeros(HOURS, np.int64), SEPTIC))
    at = ONSET + hour
    assert hourly.warning[at] == pytest.approx(warning, abs=1e-12)
    assert hourly.silence[at] == pytest.approx(silence, abs=1e-12)


def test_ten_false_warnings_cost_half_a_point():
    assert of_one([0] * 12, [1] * 10 + [0] * 2).observed[0] == pytest.approx(-0.5, abs=1e-12)


def test_inaction_is_nought_and_the_best_prediction_is_one():
    stays = by_stay(np.repeat([7, 3], HOURS), np.append(SEPTIC, np.zeros(HOURS, bool)))
    nothing = utility(stays, np.zeros(2 * HOURS, bool))
    assert nothing.normalised == 0
    from_onset = np.arange(HOURS) - ONSET
    best = np.append((from_onset >= -12) & (from_onset <= 3), np.zeros(HOURS, bool))
    assert utility(stays, best).normalised == 1


def test_without_a_septic_stay_there_is_no_normalised_utility():
    assert np.isnan(of_one([0, 0], [1, 0]).normalised)


def test_every_stay_of_a_real_entry_has_the_official_scorers_utility(shared_data):
    folder = shared_data / "icu_physionet2019_utility"
    expected = json.loads((folder / "expected.json").read_text())
    names = sorted(expected["per_patient_utility"])
    labels = [column(folder / "labels" / name, "SepsisLabel") for name in names]
    predictions = [column(folder / "predictions" / name, "PredictedLabel") for name in names]
    stay = np.repeat(np.arange(len(names)), [len(one) for one in labels])
    found = utility(by_stay(stay, np.concatenate(labels)), np.concatenate(predictions))
    for field in ("observed", "best", "worst", "inaction"):
        official = [expected["per_patient_utility"][name][field] for name in names]
        assert getattr(found, field).tolist() == official
    assert found.normalised == expected["aggregate"]["normalized_utility"]


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 40)), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_a_cohort_is_the_sum_of_its_stays_and_lies_between_worst_and_best(shape, chance):
    labels = [[hour >= onset for hour in range(hours)] for hours, onset in shape]
    predictions = [[chance.random() < 0.5 for _ in label] for label in labels]
    stay = np.repeat(np.arange(len(labels)), [len(one) for one in labels])
    whole = utility(by_stay(stay, np.concatenate(labels)), np.concatenate(predictions))
    alone = [of_one(*one).observed[0] for one in zip(labels, predictions, strict=True)]
    assert whole.observed.tolist() == alone
    assert (whole.observed <= whole.best + 1e-9).all()
    assert (whole.observed >= whole.worst - 1e-9).all()
