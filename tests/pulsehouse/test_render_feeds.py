"""The profiles of the rendered feeds fit what the renderers send."""

import csv
import gzip
from pathlib import Path

import pytest

from clinical.concepts import CONCEPTS
from clinical.normalise.answers import answer
from clinical.normalise.coding import check
from clinical.normalise.units import conversion
from clinical.wire.profile_text import parse
from pulsehouse.render import physionet2019

FEEDS = Path(__file__).parents[2] / "feeds"


def profile(name):
    toml = (FEEDS / f"{name}.toml").read_text()
    return parse(name, toml, (FEEDS / f"{name}_codes.csv").read_text())


def mapped(folder, table, system):
    """Rule, unit, value and number of every value of a mapped item."""
    feed = profile("mimic3")
    with gzip.open(folder / "mimic3_demo" / f"{table}.csv.gz", "rt", newline="") as stream:
        for row in csv.DictReader(stream):
            rule = feed.rule_for(system, row["itemid"])
            if rule and row["value"]:
                yield rule, row["valueuom"], row["value"], row["valuenum"]


@pytest.mark.parametrize("name", ["mimic3", "physionet2019"])
def test_a_profile_names_only_known_concepts_and_answers(name):
    check(profile(name))


@pytest.mark.parametrize("name", ["mimic3", "physionet2019"])
def test_every_mapped_code_has_a_source(name):
    with (FEEDS / f"{name}_codes.csv").open(newline="") as stream:
        assert all(row["source"] for row in csv.DictReader(stream))


@pytest.mark.parametrize(
    ("table", "system"), [("chartevents", "MIMIC_CHART"), ("labevents", "MIMIC_LAB")]
)
def test_every_unit_of_a_mapped_item_is_understood(shared_data, table, system):
    units = {
        (rule.concept, unit, rule.unit)
        for rule, unit, _, number in mapped(shared_data, table, system)
        if number and CONCEPTS[rule.concept].kind == "numeric"
    }
    aliases = profile("mimic3").units
    assert {
        (concept, unit)
        for concept, unit, default in units
        if conversion(CONCEPTS[concept], unit, default, aliases).reason
    } == set()


def test_every_answer_of_a_mapped_item_is_understood(shared_data):
    feed = profile("mimic3")
    answers = {
        (rule.concept, value)
        for rule, _, value, _ in mapped(shared_data, "chartevents", "MIMIC_CHART")
        if rule.concept in feed.answers
    }
    assert {concept for concept, _ in answers} == set(feed.answers)
    told = {pair: answer(CONCEPTS[pair[0]], pair[1], feed.answers[pair[0]]) for pair in answers}
    silent = {
        pair
        for pair, given in told.items()
        if given.value is None and not given.reason and CONCEPTS[pair[0]].kind != "event"
    }
    assert silent == set()
    assert {given.reason for given in told.values()} == {None, "untestable"}


def test_a_verbal_response_with_a_tube_is_untestable():
    answers = profile("mimic3").answers["gcs_verbal"]
    for text in ("No Response-ETT", "1.0 ET/Trach"):
        assert answers[text] == "untestable"


def test_every_column_of_the_2019_challenge_is_mapped():
    assert {code for _, code in profile("physionet2019").codes} == set(physionet2019.VALUES)
