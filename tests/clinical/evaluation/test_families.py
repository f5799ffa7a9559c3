"""A family's figures by unit, and on labelled hours."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from clinical.evaluation.families import ALL, Alerts, Background, figures, unit_at
from clinical.evaluation.labelled import LabelledHours, of_family, of_score
from clinical.evaluation.occurrences import Occurrences, occurrences
from clinical.evaluation.stays import UNKNOWN_UNIT, Stays
from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR

DAY = 24 * HOUR


def hours(*values: float) -> np.ndarray:
    return np.array([round(value * HOUR) for value in values], np.int64)


def numbers(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def alerts(*rows: tuple[int, float, str, bool]) -> Alerts:
    """Alerts from (patient, hour, unit, suppressed)."""
    return Alerts(
        numbers(*(who for who, *_ in rows)),
        hours(*(at for _, at, *_ in rows)),
        np.array(["news2" for _ in rows], np.str_),
        np.array([unit for *_, unit, _ in rows], np.str_),
        np.array(["rule" for _ in rows], np.str_),
        np.ones(len(rows), np.int64),
        np.array([hidden for *_, hidden in rows], np.bool_),
        np.full(len(rows), 6.0),
    )


STAYS = Stays(numbers(0, 0), numbers(0, 0), ["WARD", "MICU"], hours(0, 24), hours(24, 48))


def around(outcome: Occurrences | None) -> Background:
    none = occurrences(numbers(), numbers())
    return Background(STAYS, outcome, none, 0, 2 * DAY, ZoneInfo("UTC"))


def test_figures_are_told_for_all_units_and_for_each():
    found = figures(
        alerts((0, 20, "WARD", False), (0, 30, "MICU", False), (0, 31, "MICU", True)),
        around(occurrences(numbers(0), hours(26))),
    )
    told = {one.unit: one.to_json() for one in found}
    assert list(told) == [ALL, "MICU", "WARD"]
    assert [told[unit]["alerts"] for unit in told] == [2, 1, 1]
    assert [told[unit]["suppressed"] for unit in told] == [1, 1, 0]
    assert [told[unit]["events"] for unit in told] == [1, 1, 0]
    assert [told[unit]["sensitivity"] for unit in told] == [1.0, 0.0, None]
    assert told["WARD"]["alerts_per_100_patient_days"] == 100
    assert told[ALL]["patient_days"] == 2
    assert told[ALL]["lead_to_outcome_hours"]["median"] == 6


def test_a_family_that_announces_nothing_has_load_and_no_shares():
    [whole, *_] = figures(alerts((0, 20, "WARD", False)), around(None))
    told = whole.to_json()
    assert (told["alerts"], told["sensitivity"], told["ppv"], told["events"]) == (
        1,
        None,
        None,
        None,
    )


def test_an_outcome_belongs_to_the_unit_where_the_patient_lay():
    when = occurrences(numbers(0, 0, 0, 1), hours(-1, 5, 90, 5))
    assert unit_at(STAYS, when).tolist() == [UNKNOWN_UNIT, "WARD", "MICU", UNKNOWN_UNIT]


@pytest.fixture
def septic() -> LabelledHours:
    """A stay of 20 hours labelled from hour 8 (onset at 14), and one of 10 hours without."""
    stay = np.repeat([0, 1], [20, 10])
    at = np.concatenate([hours(*range(20)), hours(*range(10))])
    return LabelledHours(stay, at, (stay == 0) & (at >= 8 * HOUR))


def test_onset_is_six_hours_after_the_first_label(septic):
    assert (septic.onsets.at / HOUR).tolist() == [14]


def test_the_best_predictions_have_the_utility_1_and_none_has_0(septic):
    onset = 14 * HOUR
    best = (septic.stay == 0) & (septic.at >= onset - 12 * HOUR) & (septic.at <= onset + 3 * HOUR)
    assert of_family(septic, best.astype(np.int64))["normalised"] == 1
    nothing = of_family(septic, np.zeros(len(septic), np.int64))
    assert (nothing["normalised"], nothing["hourly_ppv"], nothing["warned_hours"]) == (0, None, 0)


def test_a_score_that_is_the_label_has_the_whole_area(septic):
    assert of_score(septic, septic.label.astype(np.float64))["auroc"] == 1
