"""The suites: rules of quality made from the table contracts, the concepts and the scores.

Here: `SUITES`, and which contract each rule follows from; nothing is stated that a contract does
not say. Not here: relations between tables, which are tests of dbt (dbt_project/), whether messages
were lost (ledger_equation.py), or how a rule is evaluated (validation.py).
"""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from clinical.concepts import CONCEPTS
from clinical.concepts.dictionary import LOINC_CONCEPTS
from clinical.scores import SCORES as SCORE_DEFINITIONS
from clinical.scores.definition import PointScore, Score
from lakehouse.tables import ALERTS, OBSERVATIONS, SCORES, TABLES, Table
from orchestration.quality.rules import (
    AtLeast,
    Between,
    Equal,
    Family,
    InSet,
    NotNull,
    Ordered,
    Rule,
    Suite,
    Unique,
)

# A nightly job runs once a day; when clocks go back a day has 25 hours.
MOST_HOURS_TO_A_NIGHT = 25


def schema_suite(table: Table) -> Suite:
    """Columns and their order as the contract has them; types are rows of `stored_types`."""
    rules = (
        Ordered("columns_are_the_contracts", tuple(table.schema.names)),
        Equal("types_are_the_contracts", "stored_type", "contract_type"),
        Equal("nullability_is_the_contracts", "stored_nullable", "contract_nullable"),
    )
    return Suite(table.name, "schema", rules)


def values_suite(table: Table) -> Suite:
    """Nulls, closed lists of values, and keys."""
    rules = (*_not_null(table), *_sets(table), *_places(table), _key(table), _date())
    derived = {"date_of_received_at": "cast(t.received_at as date)", "zero": "0::bigint"}
    return Suite(table.name, "values", rules, derived)


def _not_null(table: Table) -> Iterator[Rule]:
    for column in table.columns:
        if not column.nullable:
            yield NotNull(f"{column.name}_is_there", column.name)


def _sets(table: Table) -> Iterator[Rule]:
    for column in table.columns:
        if column.allowed:
            yield InSet(f"{column.name}_is_a_known_one", column.name, column.allowed)
        elif column.name == "concept":
            yield InSet("concept_is_a_known_one", "concept", tuple(CONCEPTS))


def _places(table: Table) -> Iterator[Rule]:
    for name in ("partition", "offset", "row"):
        if pa.types.is_integer(table.schema.field(name).type):
            # Not `Between`, which the library evaluates value by value.
            yield AtLeast(f"{name}_counts_from_0", name, "zero")


def _key(table: Table) -> Rule:
    return Unique("key_is_unique", table.key)


def _date() -> Rule:
    return Equal("received_date_is_that_of_received_at", "received_date", "date_of_received_at")


# What the lookups of the derived columns hold; validation.py makes a table of each.
CONCEPT_RULES: Mapping[str, Sequence[object]] = {
    "concept": list(CONCEPTS),
    "unit": [concept.unit for concept in CONCEPTS.values()],
    "plausible_low": [concept.plausible_low for concept in CONCEPTS.values()],
    "plausible_high": [concept.plausible_high for concept in CONCEPTS.values()],
}
ANSWER_RULES: Mapping[str, Sequence[object]] = {
    "concept": [name for name, concept in CONCEPTS.items() for _ in concept.answers],
    "value_code": [code for concept in CONCEPTS.values() for code in concept.answers],
    "answer": [number for concept in CONCEPTS.values() for number in concept.answers.values()],
}
LOINC_RULES: Mapping[str, Sequence[object]] = {
    "loinc_code": list(LOINC_CONCEPTS),
    "loinc_concept": [concept.name for concept in LOINC_CONCEPTS.values()],
}


def _highest(score: Score) -> float | None:
    if isinstance(score, PointScore):
        return float(sum(parameter.highest for parameter in score.parameters))
    return None


SCORE_RULES: Mapping[str, Sequence[object]] = {
    "score": [score.name for score in SCORE_DEFINITIONS],
    "variant": [score.variant for score in SCORE_DEFINITIONS],
    "least": [0.0 for _ in SCORE_DEFINITIONS],
    "most": [_highest(score) for score in SCORE_DEFINITIONS],
}
LOOKUPS = {
    "concept_rules": CONCEPT_RULES,
    "answer_rules": ANSWER_RULES,
    "loinc_rules": LOINC_RULES,
    "score_rules": SCORE_RULES,
}

OBSERVATION_UNITS_AND_RANGES = Suite(
    OBSERVATIONS.name,
    "units_and_ranges",
    (
        Equal("unit_is_the_concepts", "unit_or_none", "concept_unit_or_none"),
        Equal("loinc_code_is_the_concepts", "loinc_concept", "concept"),
        AtLeast("scored_value_is_not_below_plausible", "scored_value", "plausible_low"),
        AtLeast("scored_value_is_not_above_plausible", "plausible_high", "scored_value"),
        NotNull("scored_value_is_there", "scored_value_or_0"),
        Equal("answer_stands_for_its_number", "coded_value", "answer_or_none"),
        Equal("what_is_not_scored_has_a_reason", "is_scored", "has_no_reason"),
    ),
    {
        "unit_or_none": "coalesce(t.ucum_unit, '')",
        "concept_unit_or_none": "coalesce(c.unit, '')",
        "loinc_concept": "l.loinc_concept",
        "plausible_low": "c.plausible_low",
        "plausible_high": "c.plausible_high",
        "scored_value": "case when t.is_scored then t.value end",
        "scored_value_or_0": "case when t.is_scored then t.value else 0 end",
        "coded_value": "case when t.value_code is not null then coalesce(t.value, -1) end",
        # No answer stands for a negative number.
        "answer_or_none": "case when t.value_code is not null then coalesce(a.answer, -2) end",
        "has_no_reason": "t.not_scored_reason is null",
    },
    "left join concept_rules c on c.concept = t.concept"
    " left join loinc_rules l on l.loinc_code = t.loinc_code"
    " left join answer_rules a on a.concept = t.concept and a.value_code = t.value_code",
)
SCORE_RANGES = Suite(
    SCORES.name,
    "units_and_ranges",
    (
        NotNull("variant_is_one_of_the_score", "known_score"),
        AtLeast("lowest_is_in_the_scores_range", "lowest", "least"),
        AtLeast("highest_is_in_the_scores_range", "most", "highest"),
        AtLeast("observed_is_not_below_lowest", "observed", "lowest"),
        AtLeast("observed_is_not_above_highest", "highest", "observed"),
    ),
    {"known_score": "s.score", "least": "s.least", "most": "s.most"},
    "left join score_rules s on s.score = t.score and s.variant = t.variant",
)
ALERT_RANGES = Suite(
    ALERTS.name,
    "units_and_ranges",
    (
        Between("band_counts_from_1", "band", low=1),
        Between("a_night_comes_within_a_day", "hours_before_batch", 0, MOST_HOURS_TO_A_NIGHT),
        AtLeast("the_night_comes_after_the_alert", "batch_at", "raised_at"),
    ),
)
UNITS_AND_RANGES = (OBSERVATION_UNITS_AND_RANGES, SCORE_RANGES, ALERT_RANGES)

SUITES: Mapping[str, Suite] = {
    suite.name: suite
    for suite in (
        *map(schema_suite, TABLES.values()),
        *map(values_suite, TABLES.values()),
        *UNITS_AND_RANGES,
    )
}


def suites_of(table: Table, families: Sequence[Family] | None = None) -> tuple[Suite, ...]:
    """The suites of a table, of some families or of all."""
    return tuple(
        suite
        for suite in SUITES.values()
        if suite.table == table.name and (families is None or suite.family in families)
    )
