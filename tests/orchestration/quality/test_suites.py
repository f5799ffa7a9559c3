"""The suites follow from the contracts, the concepts and the scores, and from nothing else."""

import pytest

from clinical.concepts import CONCEPTS
from clinical.normalise.values import REASONS
from clinical.scores import SCORES as DEFINITIONS
from lakehouse.columns import NOT_SCORED_REASONS
from lakehouse.tables import TABLES
from orchestration.quality.rules import InSet, NotNull, Ordered, Suite, Unique, columns_of
from orchestration.quality.suites import (
    CONCEPT_RULES,
    OBSERVATION_UNITS_AND_RANGES,
    SCORE_RULES,
    SUITES,
    suites_of,
    values_suite,
)


def test_the_reasons_of_the_contract_are_those_that_normalising_gives():
    assert NOT_SCORED_REASONS == REASONS


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_its_schema_and_values_checked(name):
    families = [suite.family for suite in suites_of(TABLES[name])]
    assert families[:2] == ["schema", "values"]


@pytest.mark.parametrize("name", TABLES)
def test_every_needed_value_closed_list_and_key_of_the_contract_is_a_rule(name):
    table, rules = TABLES[name], SUITES[f"{name}.values"].rules
    needed = {rule.column for rule in rules if isinstance(rule, NotNull)}
    closed = {rule.column: rule.allowed for rule in rules if isinstance(rule, InSet)}
    assert needed == {column.name for column in table.columns if not column.nullable}
    assert closed.items() >= {(c.name, c.allowed) for c in table.columns if c.allowed}
    assert [rule.columns for rule in rules if isinstance(rule, Unique)] == [table.key]


@pytest.mark.parametrize("name", TABLES)
def test_a_closed_list_is_told_by_the_columns_description(name):
    for column in TABLES[name].columns:
        assert all(value in column.description for value in column.allowed)


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)
def test_a_suites_rules_have_names_of_their_own_and_columns_that_exist(suite):
    names = [rule.name for rule in suite.rules]
    assert len(names) == len(set(names))
    if suite.family != "schema":
        known = {*TABLES[suite.table].schema.names, *suite.derived}
        assert {column for rule in suite.rules for column in columns_of(rule)} <= known


def test_columns_are_held_in_the_order_of_the_contract():
    (ordered,) = (r for r in SUITES["scores.schema"].rules if isinstance(r, Ordered))
    assert list(ordered.columns) == TABLES["scores"].schema.names


def test_units_and_ranges_are_those_of_the_concepts():
    at = CONCEPT_RULES["concept"].index("heart_rate")
    assert CONCEPT_RULES["unit"][at] == CONCEPTS["heart_rate"].unit
    assert CONCEPT_RULES["plausible_high"][at] == CONCEPTS["heart_rate"].plausible_high


def test_a_scores_range_is_the_sum_of_its_parameters():
    most = dict(zip(SCORE_RULES["score"], SCORE_RULES["most"], strict=True))
    assert len(SCORE_RULES["score"]) == len(DEFINITIONS)
    # RCP London 2017, chart 1: seven parameters, 3 points each but oxygen's 2.
    assert most["news2"] == 20
    assert most["qsofa"] == 3
    assert most["sirs"] == 4
    assert most["rox"] is None


def test_another_rule_is_another_version():
    suite = values_suite(TABLES["alerts"])
    fewer = Suite(suite.table, suite.family, suite.rules[1:], suite.derived)
    assert fewer.rules_version != suite.rules_version
    assert SUITES["alerts.values"].rules_version == suite.rules_version
    assert OBSERVATION_UNITS_AND_RANGES.rules_version != suite.rules_version
