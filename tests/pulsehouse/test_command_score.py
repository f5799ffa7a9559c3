"""Scores by hand: the published charts, what is missing, and what cannot be typed."""

import json

import pytest

from pulsehouse import hand_score, score_report
from pulsehouse.failure import USAGE, CommandError

NORMAL = {
    "respiratory_rate": "16",
    "spo2": "97",
    "oxygen": "no",
    "systolic_bp": "120",
    "heart_rate": "70",
    "consciousness": "A",
    "temperature": "37.0",
}
# NEWS2, RCP London 2017, chart 1: totals of sets that differ from normal ones as said.
NEWS2 = [
    ({}, 0),
    ({"respiratory_rate": "8"}, 3),
    ({"respiratory_rate": "9"}, 1),
    ({"respiratory_rate": "24"}, 2),
    ({"respiratory_rate": "25"}, 3),
    ({"spo2": "91"}, 3),
    ({"spo2": "92"}, 2),
    ({"spo2": "95"}, 1),
    ({"oxygen": "yes"}, 2),
    ({"systolic_bp": "219"}, 0),
    ({"systolic_bp": "220"}, 3),
    ({"heart_rate": "131", "temperature": "39.1"}, 5),
    ({"consciousness": "C"}, 3),
    ({"temperature": "38.05"}, 1),
    ({"spo2": "93", "spo2_scale": "2"}, 0),
    ({"spo2": "93", "spo2_scale": "2", "oxygen": "yes"}, 3),
    ({"spo2": "97", "spo2_scale": "2", "oxygen": "yes"}, 5),
]


def _typed(values):
    return [f"{name}={value}" for name, value in values.items()]


def _scores(name, values, variant=None):
    given = hand_score.parse(_typed(values))
    wanted = hand_score.scores_named(name, variant)
    return [score_report.to_json(one, hand_score.score(one, given)) for one in wanted]


def _score(name, values, variant=None):
    (found,) = _scores(name, values, variant)
    return found


@pytest.mark.parametrize(("changed", "total"), NEWS2)
def test_news2_has_the_points_of_the_chart(changed, total):
    found = _score("news2", NORMAL | changed)
    assert (found["observed"], found["lowest"], found["highest"]) == (total, total, total)
    assert (found["state"], found["missing"]) == ("complete", ())
    assert sum(part["points"] for part in found["components"]) == total


def test_the_command_prints_what_was_scored_as_json(command):
    done = command("score", "news2", *_typed(NORMAL | {"heart_rate": "131"}), "--json")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert set(found) == {
        *("score", "variant", "state", "reason", "observed", "lowest", "highest"),
        *("missing", "components", "source"),
    }
    assert (found["observed"], found["missing"]) == (3, [])
    assert {part["parameter"]: part["points"] for part in found["components"]}["heart_rate"] == 3
    both = json.loads(command("score", "qsofa", "gcs=14", "--json").out)
    assert [one["observed"] for one in both] == [1, 0]


def test_a_device_or_a_fraction_of_oxygen_means_oxygen():
    others = {name: value for name, value in NORMAL.items() if name != "oxygen"}
    for given in ({"oxygen_device": "nasal_cannula"}, {"fio2": "0.28"}, {"oxygen_flow": "2"}):
        assert _score("news2", others | given)["observed"] == 2
    assert _score("news2", others | {"oxygen_device": "room_air"})["observed"] == 0


def test_a_score_over_a_day_takes_what_is_typed_for_what_stood_all_day():
    """Half-open bands read the value as typed; a rate has run an hour, urine is that of a day."""
    typed = {"bilirubin_total": "1.95", "creatinine": "1.19", "norepinephrine_rate": "0.05"}
    found = _score("sofa", typed | {"urine_output": "499", "gcs": "14"})
    points = {part["parameter"]: part["points"] for part in found["components"]}
    assert points == {"liver": 1, "cardiovascular": 3, "cns": 1, "renal": 3}
    assert found["missing"] == ("respiration", "coagulation")


def test_missing_is_named_and_bounds_the_total():
    found = _score("news2", {"heart_rate": "131"})
    assert (found["state"], found["observed"], found["lowest"], found["highest"]) == (
        "partial",
        3,
        3,
        20,
    )
    assert len(found["missing"]) == 6


def test_both_variants_of_qsofa_unless_one_is_wanted():
    values = {"gcs": "14", "systolic_bp": "100", "respiratory_rate": "22"}
    both = _scores("qsofa", values)
    assert {one["variant"]: one["observed"] for one in both} == {
        "gcs_below_15": 3,
        "gcs_13_or_less": 2,
    }
    assert _score("qsofa", values, "gcs_13_or_less")["observed"] == 2


def test_rox_is_the_worked_example():
    values = {
        "spo2": "92",
        "fio2": "60",
        "respiratory_rate": "28",
        "oxygen_device": "high_flow_nasal_cannula",
    }
    assert _score("rox", values)["observed"] == pytest.approx(5.476, abs=0.001)


def test_outside_its_conditions_a_ratio_says_why_and_gives_no_number():
    found = _score("sf_ratio", {"spo2": "99", "fio2": "50"})
    assert (found["observed"], found["state"]) == (None, "indeterminate")
    assert found["reason"] == "spo2_above_97"


def test_outside_its_population_a_score_is_not_applicable():
    assert _score("news2", NORMAL | {"age": "15"})["state"] == "not_applicable"
    assert _score("news2", NORMAL | {"age": "16"})["state"] == "complete"
    assert _score("news2", NORMAL | {"pregnancy": "yes"})["reason"] == "pregnancy"


def test_an_implausible_value_is_scored_with_a_warning(command):
    done = command("score", "shock_index", "heart_rate=400", "systolic_bp=80")
    assert done.code == 0
    assert "warning: heart_rate is outside 1 to 300" in done.err


def test_a_person_sees_points_total_and_source(command):
    done = command("score", "news2", *_typed(NORMAL | {"consciousness": "V"}))
    assert "news2 (rcp2017): 3 of 20" in done.out
    assert "RCP" in done.out


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("news3", "heart_rate=80"), "nearest: news2"),
        (("news2", "heartrate=80"), "nearest: heart_rate"),
        (("news2", "heart_rate"), "concept=value"),
        (("news2", "heart_rate=fast"), "not a number"),
        (("news2", "heart_rate=nan"), "not a number"),
        (("news2", "consciousness=Z"), "A, C, V, P, U"),
        (("news2", "oxygen=maybe"), "no, yes"),
        (("news2", "oxygen=no", "fio2=40"), "contradicts"),
        (("news2", "heart_rate=80", "heart_rate=90"), "twice"),
        (("news2", "birth_date=2000-01-01"), "age=YEARS"),
        (("news2", "age=-3"), "0 to 150"),
    ],
)
def test_what_cannot_be_scored_is_refused_with_help(typed, told):
    name, *values = typed
    with pytest.raises(CommandError, match=told) as refused:
        score_report.run(name, values, None, as_json=True)
    assert refused.value.exit_code == USAGE


@pytest.mark.parametrize(
    "typed", [("news2", "heartrate=80"), ("news3",), ("qsofa", "gcs=14", "--variant", "gcs")]
)
def test_a_refusal_is_one_line_and_a_usage_error(command, typed):
    done = command("score", *typed)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: unknown ")
    assert len(done.err.splitlines()) == 1
