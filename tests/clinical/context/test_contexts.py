"""Each context begins, lasts and ends as its table says; every edge on both sides."""

import pytest

from clinical.concepts import CONCEPTS
from clinical.context.contexts import CONTEXTS
from clinical.context.definition import AgeContext
from clinical.context.reference import Holding, holding
from clinical.scoring.reference import Signal
from clinical.scoring.validity import LOOKBACK

HOUR = 3_600_000_000
DAY = 24 * HOUR
NOW = 20_000 * DAY


def told(*words: tuple[float, str, float | str]) -> list[Signal]:
    """Facts as (hours ago, concept, value or answer), in the order of arrival."""
    return [
        Signal(
            concept,
            NOW - round(ago * HOUR),
            CONCEPTS[concept].answers[value] if isinstance(value, str) else value,
            f"{concept}:{number}",
            ("f", 0, number, 0),
            number,
        )
        for number, (ago, concept, value) in enumerate(words)
    ]


def found(name: str, *words: tuple[float, str, float | str]) -> Holding | None:
    return holding(CONTEXTS[name], told(*words), NOW)


def holds(name: str, *words: tuple[float, str, float | str]) -> bool:
    return found(name, *words) is not None


def test_nothing_said_is_no_context() -> None:
    assert not any(holds(name) for name in CONTEXTS)


@pytest.mark.parametrize(
    ("answer", "contexts"),
    [
        ("full", set()),
        ("dnr", {"dnr"}),
        ("dni", {"dni"}),
        ("dnr_dni", {"dnr", "dni"}),
        ("comfort_care", {"comfort_care"}),
    ],
)
def test_a_code_status_is_the_contexts_it_names(answer: str, contexts: set[str]) -> None:
    assert {name for name in CONTEXTS if holds(name, (1, "code_status", answer))} == contexts


def test_comfort_care_has_to_be_confirmed_within_a_week() -> None:
    assert holds("comfort_care", (168, "code_status", "comfort_care"))
    assert not holds("comfort_care", (168.01, "code_status", "comfort_care"))


@pytest.mark.parametrize("end", ["discharge", "admission"])
def test_comfort_care_of_an_earlier_stay_does_not_silence_the_next(end: str) -> None:
    said = (50, "code_status", "comfort_care")
    assert holds("comfort_care", (60, end, 1.0), said)
    assert not holds("comfort_care", said, (40, end, 1.0))
    again = found("comfort_care", said, (40, end, 1.0), (3, "code_status", "comfort_care"))
    assert again == Holding(NOW - 3 * HOUR, ("f", 0, 2, 0))


def test_an_admission_that_is_planned_ahead_ends_nothing_yet() -> None:
    said = (5, "code_status", "comfort_care")
    assert holds("comfort_care", said, (-1, "admission", 1.0))
    assert not holds("comfort_care", said, (0, "admission", 1.0))


def test_since_is_the_first_of_an_unbroken_row_and_the_row_is_the_newest() -> None:
    words = [(30, "oxygen_device", "nasal_cannula"), (20, "oxygen_device", "ventilator")]
    words += [(9, "oxygen_device", "ventilator"), (1, "ventilator_setting", 1.0)]
    assert found("ventilated", *words) == Holding(NOW - 20 * HOUR, ("f", 0, 3, 0))


def test_a_gap_longer_than_a_word_lasts_breaks_the_row() -> None:
    late, later = (13, "oxygen_device", "ventilator"), (1, "oxygen_device", "ventilator")
    assert found("ventilated", late, later) == Holding(NOW - 13 * HOUR, ("f", 0, 1, 0))
    late = (13.01, "oxygen_device", "ventilator")
    assert found("ventilated", late, later) == Holding(NOW - 1 * HOUR, ("f", 0, 1, 0))


def test_a_word_of_the_same_time_that_arrives_later_counts() -> None:
    one, other = (2, "oxygen_device", "ventilator"), (2, "oxygen_device", "room_air")
    assert holds("ventilated", other, one)
    assert not holds("ventilated", one, other)


@pytest.mark.parametrize(
    ("device", "context"),
    [
        ("ventilator", "ventilated"),
        ("cpap", "non_invasive_ventilation"),
        ("bipap", "non_invasive_ventilation"),
        ("high_flow_nasal_cannula", "on_high_flow"),
    ],
)
def test_a_device_counts_for_12_hours_or_until_another_is_charted(
    device: str, context: str
) -> None:
    assert holds(context, (12, "oxygen_device", device))
    assert not holds(context, (12.01, "oxygen_device", device))
    assert not holds(context, (2, "oxygen_device", device), (1, "oxygen_device", "nasal_cannula"))


def test_extubation_ends_ventilation_and_intubation_ends_high_flow() -> None:
    assert not holds("ventilated", (2, "intubation", 1.0), (1, "extubation", 1.0))
    assert holds("ventilated", (2, "extubation", 1.0), (1, "intubation", 1.0))
    device = (2, "oxygen_device", "high_flow_nasal_cannula")
    assert not holds("on_high_flow", device, (1, "intubation", 1.0))


def test_a_pressure_alone_tells_of_no_tube() -> None:
    assert not holds("ventilated", (1, "peep", 8.0))
    assert holds("ventilated", (1, "ventilator_setting", 1.0))


@pytest.mark.parametrize(
    ("concept", "value", "expected"),
    [
        ("oxygen_device", "room_air", False),
        ("oxygen_device", "nasal_cannula", True),
        ("oxygen_flow", 0.0, False),
        ("oxygen_flow", 0.1, True),
        ("fio2", 21.4, False),
        ("fio2", 21.5, True),
    ],
)
def test_oxygen_is_what_news2_takes_for_oxygen(
    concept: str, value: float | str, *, expected: bool
) -> None:
    assert holds("on_oxygen", (1, concept, value)) is expected


def test_a_flow_of_nothing_says_nothing_against_a_device() -> None:
    assert holds("on_oxygen", (2, "oxygen_device", "cpap"), (1, "oxygen_flow", 0.0))
    assert not holds("on_oxygen", (2, "oxygen_flow", 4.0), (1, "oxygen_device", "room_air"))


@pytest.mark.parametrize(
    ("rass", "expected"), [(-3, True), (-2.6, True), (-2.5, False), (0, False)]
)
def test_sedation_is_a_rass_of_minus_3_or_deeper(rass: float, *, expected: bool) -> None:
    assert holds("sedated", (1, "rass", rass)) is expected


def test_a_sedative_counts_until_the_patient_is_charted_lighter() -> None:
    assert holds("sedated", (2, "rass", 0.0), (1, "sedative", 1.0))
    assert not holds("sedated", (2, "sedative", 1.0), (1, "rass", 0.0))
    assert not holds("sedated", (12.01, "sedative", 1.0))


@pytest.mark.parametrize(("ended", "expected"), [(2.01, True), (2.0, True), (1.99, False)])
@pytest.mark.parametrize("end_first", [True, False])
def test_sedation_ends_with_the_infusion_unless_another_begins_at_once(
    ended: float, *, end_first: bool, expected: bool
) -> None:
    told = [(2, "sedative", 1.0), (ended, "sedative_end", 1.0)]
    assert holds("sedated", *(reversed(told) if end_first else told)) is expected


def test_an_end_of_sedation_that_is_told_ahead_has_not_come() -> None:
    assert holds("sedated", (1, "sedative", 1.0), (-1, "sedative_end", 1.0))
    assert not holds("sedated", (1, "sedative", 1.0), (0, "sedative_end", 1.0))


@pytest.mark.parametrize(
    ("context", "concept", "hours"),
    [
        ("post_operative", "surgery", 48),
        ("dialysis", "dialysis", 168),
        ("already_treated", "antibiotic", 48),
        ("pregnancy", "pregnancy", 42 * 7 * 24),
    ],
)
def test_windows_end_where_they_say(context: str, concept: str, hours: float) -> None:
    assert holds(context, (hours, concept, 1.0))
    assert not holds(context, (hours + 0.01, concept, 1.0))


def test_what_is_to_happen_has_not_happened() -> None:
    assert not holds("post_operative", (-1, "surgery", 1.0))
    assert not holds("already_treated", (-1, "antibiotic", 1.0))
    # An earlier dose is not hidden by one that is ordered ahead.
    assert holds("already_treated", (5, "antibiotic", 1.0), (-1, "antibiotic", 1.0))


def test_a_course_of_treatment_began_with_its_first_dose() -> None:
    doses = [(90, "antibiotic", 1.0), (45, "antibiotic", 1.0), (1, "antibiotic", 1.0)]
    assert found("already_treated", *doses) == Holding(NOW - 90 * HOUR, ("f", 0, 2, 0))


def test_a_prescribed_scale_and_a_chronic_disease_count_for_good() -> None:
    assert holds("spo2_scale_2", (9_000, "spo2_scale", "2"), (1, "admission", 1.0))
    assert not holds("spo2_scale_2", (9_000, "spo2_scale", "2"), (1, "spo2_scale", "1"))
    for disease in ("chronic_kidney_disease", "end_stage_renal_disease"):
        assert holds("chronic_kidney_disease", (9_000, disease, 1.0))


def test_a_child_is_one_until_the_eighteenth_birthday() -> None:
    birthday = NOW // DAY - 6575  # today, 2024-10-04, less 18 years
    assert not holds("paediatric", (1, "birth_date", float(birthday)))
    younger = found("paediatric", (1, "birth_date", float(birthday + 1)))
    assert younger == Holding((birthday + 1) * DAY, ("f", 0, 0, 0))


def test_every_context_rests_on_concepts_that_a_shard_remembers_for_its_window() -> None:
    for context in CONTEXTS.values():
        if not isinstance(context, AgeContext):
            speaking = [one.concept for one in context.evidence if not one.ends]
            assert all(2 * LOOKBACK[concept] >= context.window for concept in speaking)
