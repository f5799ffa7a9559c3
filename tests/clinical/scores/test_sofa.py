"""SOFA on both sides of every published edge, its printed gaps, and what must not count."""

from dataclasses import replace

import pytest

from clinical.concepts import CONCEPTS
from clinical.scores.definition import WindowScore
from clinical.scores.sofa import SOFA, SOFA_MIMIC_CODE, SofaChoices
from tests.clinical.scores.facts import Fact, found
from tests.clinical.scores.panels import scored

DEVICE = CONCEPTS["oxygen_device"].answers
MINUTE = 1 / 60
# Sepsis-3, table 1, and the printed gaps as mimic-code and ricu close them: value -> points.
EDGES = {
    ("coagulation", "platelets"): [(150, 0), (149, 1), (100, 1), (99, 2), (50, 2), (49, 3), (20, 3),
                                   (19, 4)],
    ("liver", "bilirubin_total"): [(1.19, 0), (1.2, 1), (1.9, 1), (1.95, 1), (2.0, 2), (5.9, 2),
                                   (5.95, 2), (6.0, 3), (11.9, 3), (11.99, 3), (12.0, 4)],
    ("cardiovascular", "mean_bp"): [(70, 0), (69.9, 1), (69, 1)],
    ("cns", "gcs_total"): [(15, 0), (14, 1), (13, 1), (12, 2), (10, 2), (9, 3), (6, 3), (5, 4)],
    ("renal", "creatinine"): [(1.19, 0), (1.2, 1), (1.9, 1), (1.95, 1), (2.0, 2), (3.4, 2),
                              (3.45, 2), (3.5, 3), (4.9, 3), (4.95, 3), (5.0, 4)],
}  # fmt: skip
CASES = [(*key, value, want) for key, edges in EDGES.items() for value, want in edges]
RATES = {
    "dopamine": [(0.01, 2), (5, 2), (5.05, 3), (15, 3), (15.1, 4)],
    "dobutamine": [(0.01, 2), (40, 2)],
    "epinephrine": [(0.001, 3), (0.1, 3), (0.101, 4)],
    "norepinephrine": [(0.001, 3), (0.1, 3), (0.101, 4)],
}
RATE_CASES = [(drug, value, want) for drug, edges in RATES.items() for value, want in edges]


@pytest.mark.parametrize(("organ", "concept", "value", "want"), CASES)
def test_an_organ_gives_the_tables_points_on_both_sides_of_an_edge(
    organ: str, concept: str, value: float, want: int
) -> None:
    assert found(SOFA, Fact(concept, value)).points == {organ: want}


@pytest.mark.parametrize(
    ("pao2", "supported", "want"),
    [
        *((pao2, True, want) for pao2, want in [(400, 0), (399, 1), (300, 1), (299, 2), (200, 2)]),
        *((pao2, True, want) for pao2, want in [(199, 3), (100, 3), (99, 4)]),
        # Without respiratory support no more than two points.
        *((pao2, False, want) for pao2, want in [(300, 1), (299, 2), (199, 2), (99, 2), (50, 2)]),
    ],
)
def test_breathing_gives_three_and_four_points_only_under_support(
    pao2: float, supported: bool, want: int
) -> None:
    device = Fact("oxygen_device", DEVICE["ventilator" if supported else "nasal_cannula"], 1)
    facts = (device, Fact("fio2", 100), Fact("pao2", pao2))
    assert found(SOFA, *facts).points == {"respiration": want}


@pytest.mark.parametrize(
    ("sign", "vincent", "mimic_code"),
    [
        (Fact("oxygen_device", DEVICE["ventilator"], 1), 3, 3),
        (Fact("ventilator_setting", 1, 8), 3, 3),
        (Fact("ventilator_setting", 1, 8.1), 2, 2),
        (Fact("peep", 5, 1), 3, 3),
        (Fact("oxygen_device", DEVICE["bipap"], 1), 3, 2),
        (Fact("oxygen_device", DEVICE["high_flow_nasal_cannula"], 1), 2, 2),
        (Fact("extubation", 1, 1), 2, 2),
    ],
    ids=lambda value: f"{value.concept}-{value.value}" if isinstance(value, Fact) else str(value),
)
def test_what_is_respiratory_support_is_a_choice_of_the_variant(
    sign: Fact, vincent: int, mimic_code: int
) -> None:
    gas = (Fact("intubation", 1, 20), sign, Fact("fio2", 50), Fact("pao2", 60))
    assert found(SOFA, *gas).points == {"respiration": vincent}
    assert found(SOFA_MIMIC_CODE, *gas).points == {"respiration": mimic_code}


def test_mimic_code_gives_no_points_for_mild_hypoxaemia_on_a_ventilator() -> None:
    facts = (Fact("ventilator_setting", 1, 1), Fact("fio2", 40), Fact("pao2", 100))
    assert found(SOFA, *facts).points == {"respiration": 2}
    assert found(SOFA_MIMIC_CODE, *facts).points == {"respiration": 0}


@pytest.mark.parametrize(
    ("fio2", "is_paired"),
    [
        (Fact("fio2", 50, 4), True),
        (Fact("fio2", 50, 4 + MINUTE), False),
        (Fact("fio2", 50, -1), False),
    ],
)
def test_oxygen_belongs_to_a_gas_when_charted_with_it_or_up_to_four_hours_before(
    fio2: Fact, is_paired: bool
) -> None:
    assert ("respiration" in found(SOFA, fio2, Fact("pao2", 100)).points) is is_paired


def test_a_gas_of_which_the_specimen_is_not_stated_is_no_arterial_one() -> None:
    assert found(SOFA, Fact("fio2", 50), Fact("po2_blood", 40)).points == {}


def test_the_worst_value_counts_for_less_than_a_day() -> None:
    low, normal = Fact("platelets", 19, 24 - MINUTE), Fact("platelets", 200)
    assert found(SOFA, low, normal).points == {"coagulation": 4}
    assert found(SOFA, replace(low, hours_ago=24), normal).points == {"coagulation": 0}
    # 25 hourly rows: the window of mimic-code is an hour longer.
    assert found(SOFA_MIMIC_CODE, replace(low, hours_ago=24.9), normal).points == {"coagulation": 4}


@pytest.mark.parametrize(("drug", "value", "want"), RATE_CASES)
def test_a_catecholamine_gives_the_tables_points_on_both_sides_of_an_edge(
    drug: str, value: float, want: int
) -> None:
    running = found(SOFA, Fact(f"{drug}_rate", value, 2))
    assert running.points == {"cardiovascular": want}


@pytest.mark.parametrize(("minutes", "want"), [(59, {}), (60, {"cardiovascular": 3})])
def test_a_catecholamine_counts_after_an_hour(minutes: float, want: dict[str, int]) -> None:
    start = Fact("norepinephrine_rate", 0.05, 3)
    stopped = Fact("norepinephrine_rate", 0, 3 - minutes * MINUTE)
    assert found(SOFA, start, stopped).points == want
    assert found(SOFA, Fact("norepinephrine_rate", 0.05, minutes * MINUTE)).points == want
    # mimic-code looks at the rate on the hour, however long it ran.
    assert found(SOFA_MIMIC_CODE, start, stopped).points.get("cardiovascular", 0) in {0, 3}


def test_a_change_of_rate_is_no_break_of_the_infusion() -> None:
    rates = (Fact("norepinephrine_rate", 0.2, 1.25), Fact("norepinephrine_rate", 0.05, 0.5))
    assert found(SOFA, *rates).points == {"cardiovascular": 4}


def test_the_end_of_one_bag_is_no_end_where_the_next_begins() -> None:
    bags = (
        Fact("norepinephrine_rate", 0.05, 2),
        Fact("norepinephrine_rate", 0.05, 1.5),
        Fact("norepinephrine_rate", 0, 1.5),
    )
    assert found(SOFA, *bags).points == {"cardiovascular": 3}


@pytest.mark.parametrize("score", [SOFA, SOFA_MIMIC_CODE], ids=lambda score: score.variant)
def test_a_rate_of_zero_never_counts(score: WindowScore) -> None:
    zero = (Fact("norepinephrine_rate", 0, 3), Fact("epinephrine_rate", 0, 3), Fact("mean_bp", 80))
    assert found(score, *zero).points == {"cardiovascular": 0}


def test_a_rate_that_ran_into_the_window_counts() -> None:
    facts = (Fact("dopamine_rate", 10, 30), Fact("dopamine_rate", 0, 23.5))
    assert found(SOFA, *facts).points == {"cardiovascular": 3}
    ended = (facts[0], replace(facts[1], hours_ago=24))
    assert found(SOFA, *ended).points == {}


def test_a_rate_without_weight_is_divided_by_the_weight_known_then() -> None:
    flow = Fact("norepinephrine_flow", 10, 2)
    assert found(SOFA, Fact("weight", 100, 50), flow).points == {"cardiovascular": 3}
    assert found(SOFA, Fact("weight", 99, 50), flow).points == {"cardiovascular": 4}
    # Of an unknown weight only that the drug runs is certain.
    assert found(SOFA, flow).points == {"cardiovascular": 3}


GCS = (Fact("gcs_eye", 4, 2), Fact("gcs_verbal", 3, 2), Fact("gcs_motor", 6, 2))
TUBE = (Fact("gcs_eye", 1), Fact("gcs_verbal_untestable", 1), Fact("gcs_motor", 1))


@pytest.mark.parametrize(
    ("policy", "facts", "want"),
    [
        ("impute_15", TUBE, {"cns": 0}),
        ("null", TUBE, {}),
        ("last_testable", TUBE, {}),
        ("last_testable", (*GCS, *TUBE), {"cns": 1}),
        ("null", (*GCS, *TUBE), {"cns": 1}),
    ],
)
def test_an_untestable_answer_is_judged_by_the_policy_of_the_variant(
    policy: str, facts: tuple[Fact, ...], want: dict[str, int]
) -> None:
    choices = SOFA.choices
    assert isinstance(choices, SofaChoices)
    score = replace(SOFA, choices=replace(choices, untestable=policy))
    assert found(score, *facts).points == want


def test_the_last_testable_total_stands_in_after_it_left_the_window() -> None:
    before = tuple(replace(one, hours_ago=24) for one in GCS)
    assert found(SOFA, *before).points == {}
    assert found(SOFA, *before, *TUBE).points == {"cns": 1}
    long_before = tuple(replace(one, hours_ago=24 + MINUTE) for one in GCS)
    assert found(SOFA, *long_before, *TUBE).points == {}


def test_parts_make_a_total_only_when_charted_together() -> None:
    apart = (GCS[0], GCS[1], replace(GCS[2], hours_ago=1.5))
    assert found(SOFA, *apart).points == {"cns": 1}
    apart = (GCS[0], GCS[1], replace(GCS[2], hours_ago=1.5 - MINUTE))
    assert found(SOFA, *apart).points == {}
    # mimic-code takes what is not charted for normal.
    assert found(SOFA_MIMIC_CODE, GCS[1]).points == {"cns": 1}


def _urine(each: float, hours: range) -> tuple[Fact, ...]:
    return tuple(Fact("urine_output", each, ago) for ago in hours)


@pytest.mark.parametrize(("total", "want"), [(500, 0), (499, 3), (200, 3), (199, 4)])
def test_little_urine_gives_points_where_a_day_of_it_was_documented(total: int, want: int) -> None:
    hourly = _urine(0, range(1, 25))
    assert found(SOFA, Fact("urine_output", total), *hourly).points == {"renal": want}


@pytest.mark.parametrize("documented", [range(20), range(3, 25), [0], []])
def test_urine_that_was_not_documented_is_no_lack_of_urine(documented: list[int]) -> None:
    entries = tuple(Fact("urine_output", 1, ago) for ago in documented)
    assert found(SOFA, *entries).points == {}


def test_any_urine_is_a_days_for_mimic_code() -> None:
    assert found(SOFA_MIMIC_CODE, Fact("urine_output", 100, 1)).points == {"renal": 4}


def test_what_was_put_into_the_bladder_is_no_urine() -> None:
    hourly = _urine(25, range(25))
    assert found(SOFA, *hourly).points == {"renal": 0}
    assert found(SOFA, *hourly, Fact("irrigant_in", 200, 3)).points == {"renal": 3}


def test_missing_organs_are_named_and_bound_the_total() -> None:
    whole = found(SOFA, Fact("platelets", 99), Fact("mean_bp", 60))
    assert whole.missing == ("respiration", "liver", "cns", "renal")
    assert (whole.state, whole.observed, whole.lowest, whole.highest) == ("partial", 3, 3, 19)
    assert found(SOFA).observed is None


def test_all_organs_make_a_complete_total() -> None:
    whole = found(
        SOFA,
        *(Fact("fio2", 50), Fact("pao2", 40), Fact("platelets", 10), Fact("bilirubin_total", 20)),
        *(Fact("norepinephrine_rate", 1, 2), Fact("gcs_total", 3), Fact("creatinine", 9)),
        Fact("ventilator_setting", 1),
    )
    assert (whole.state, whole.observed, whole.missing) == ("complete", 24, ())


def test_sofa_is_for_adults() -> None:
    # Days from 1970 to 2008-01-06 and 2008-01-05, 18 years before.
    young, adult = 13_884, 13_883
    assert scored(SOFA, birth_date=young, platelets=19).state == "not_applicable"
    assert scored(SOFA, birth_date=adult, platelets=19).observed == 4
