"""How the sepsis points were derived, and that the live engine gives what was derived."""

import json
import tempfile
from pathlib import Path
from statistics import mean

import numpy as np
import pyarrow as pa
import pytest

from clinical.detection import sepsis_risk
from clinical.normalise import signals
from clinical.scores import sepsis_points as score
from clinical.scores.sepsis_points import SEPSIS_POINTS, WARNING
from clinical.scoring.engine import Engine
from docs.derivations import sepsis_points as derivation
from docs.derivations.fitting import fitted
from docs.derivations.stay_hours import read
from orchestration.evaluation.fold import facts_of
from pulsehouse import backtest_challenge

STORED = json.loads(Path(derivation.__file__).with_suffix(".json").read_text(encoding="utf-8"))
BANDS = {item.name: item.alternatives[0].bands[0] for item in SEPSIS_POINTS.parameters}


def test_steps_that_gain_have_weight_and_those_that_lose_have_none():
    chance = np.random.default_rng(1)
    held = (chance.random((4_000, 3)) < 0.5).astype(float)
    gain = 2 * held[:, 0] + held[:, 1] - 2 * held[:, 2] - 0.5
    gains, less, loses = fitted(held, gain)
    assert gains > less > 0
    assert loses == 0


def test_a_table_keeps_few_parameters_and_warns_as_rarely_as_it_may():
    chance = np.random.default_rng(2)
    held = (chance.random((3_000, len(derivation.STEPS))) < 0.5).astype(float)
    gain = held[:, 0] - 0.5
    table = derivation.derive(held, gain)
    assert table.points[0] == table.threshold
    assert (table.points >= 0).all()
    kept = {step.parameter for step, p in zip(derivation.STEPS, table.points, strict=True) if p}
    assert len(kept) <= derivation.PARAMETERS


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ("normalised utility 0.34", mean(STORED["unseen"])),
        ("0.32 to", min(STORED["unseen"])),
        ("to 0.35 over five", max(STORED["unseen"])),
        ("made from 0.38", STORED["seen"]),
        ("hours alone reach\n0.26", STORED["unseen_by_hours_alone"]),
        ("everything but hours 0.15", STORED["unseen_without_hours"]),
    ],
)
def test_what_the_score_says_of_itself_is_what_was_stored(said, stored):
    assert said in score.__doc__
    assert f"{stored:.2f}" in said


@pytest.fixture(scope="module")
def loose(shared_data):
    """30 of the stays, one file each."""
    return shared_data / "icu_physionet2019" / "loose"


def test_the_engine_warns_where_the_derived_points_do(loose):
    derived = derived_totals(loose)
    warned = dict(engine_warnings(loose))
    assert len(warned) > 500
    assert {hour: derived[hour] >= WARNING for hour in warned} == warned
    assert any(warned.values())


def derived_totals(source):
    """Points by stay and hour, added up by hand from what each hour knew."""
    hours = read(source, tuple(BANDS))
    columns = [hours.values[name] for name in BANDS]
    totals = [
        sum(
            bands.points(value)
            for bands, value in zip(BANDS.values(), values, strict=True)
            if not np.isnan(value)
        )
        for values in zip(*columns, strict=True)
    ]
    return dict(zip(zip(hours.number, hours.values["hours_in_icu"]), totals, strict=True))  # noqa: B905


def engine_warnings(source):
    """Whether the rule finds anything, by stay and hour, at every moment it is asked."""
    with tempfile.TemporaryDirectory() as folder:
        facts = backtest_challenge.facts(source, Path(folder) / "facts", lambda _done, _all: None)
        names = sorted(facts.labels.stays, key=int)
        for chunk in sorted(facts.place.glob("chunk-*")):
            told = signals(facts_of(chunk))
            told = told.take(pa.array(np.argsort(told["message"].to_numpy(), kind="stable")))
            engine = Engine()
            moments = engine.step(told)
            scores = {
                (one.assessed.score.name, one.assessed.score.variant): one.assessed
                for one in engine.scores(moments)
            }
            (found,) = sepsis_risk.find(moments, scores)
            hour = moments.panel["hours_in_icu"].value
            asked = moments.touched(found.rests_on) & (hour > 0)
            for at in np.flatnonzero(asked):
                stay = names.index(moments.patient[at].as_py())
                yield (stay, hour[at]), bool(found.band[at])
