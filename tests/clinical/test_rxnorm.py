"""RxNorm codes lead to ingredients that the table of drugs has, and name their source."""

import csv
import re

import pytest

from clinical.concepts.rxnorm import DRUG_CODES, INGREDIENT_CODES, INGREDIENTS
from clinical.normalise.medications import MEDICATIONS, recognise

KNOWN = {item.ingredient for item in MEDICATIONS}


def test_every_code_is_of_an_ingredient_of_the_table_and_names_its_source():
    assert len(DRUG_CODES) > 500
    for code in DRUG_CODES.values():
        assert re.fullmatch(r"\d+", code.code)
        assert code.ingredient in KNOWN, code
        assert code.name, code
        assert code.source, code
        assert code.version, code


def test_the_name_of_a_code_is_recognised_as_its_ingredient():
    for code in DRUG_CODES.values():
        found = recognise(code.name, None)
        assert found is not None, code
        assert found.ingredient == code.ingredient


@pytest.mark.parametrize(
    ("code", "ingredient"),
    [
        ("7512", "norepinephrine"),
        ("1745276", "norepinephrine"),  # norepinephrine Injection
        ("309097", "cefuroxime"),  # Cefuroxime 250 MG Oral Tablet
        ("562251", "amoxicillin"),  # with clavulanate
        ("855332", "warfarin"),
    ],
)
def test_a_code_of_any_kind_leads_to_its_ingredient(code, ingredient):
    assert INGREDIENTS[code] == ingredient


def test_an_ingredient_has_one_code_of_its_own():
    assert INGREDIENT_CODES["norepinephrine"] == "7512"
    assert INGREDIENT_CODES["warfarin"] == "11289"
    own = [code.ingredient for code in DRUG_CODES.values() if code.kind == "ingredient"]
    assert len(own) == len(set(own))


@pytest.mark.parametrize("code", ["1870230", "106258"])
def test_what_does_not_act_as_its_class_has_no_code(code):
    assert code not in INGREDIENTS  # an auto-injector of epinephrine, a cream of hydrocortisone


def test_the_codes_of_mimic_stand_in_its_map(shared_data):
    path = shared_data / "terminology_maps" / "mimic_iv_mapping" / "inputevents_to_rxnorm.csv"
    with path.open(encoding="utf-8") as text:
        known = {row["omop_concept_code"]: row["omop_concept_name"] for row in csv.DictReader(text)}
    mine = [code for code in DRUG_CODES.values() if "inputevents_to_rxnorm" in code.source]
    assert len(mine) > 50
    assert [code for code in mine if known.get(code.code) != code.name] == []
