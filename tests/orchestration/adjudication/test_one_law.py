"""What SQL says of sepsis beside what the clinical core says: the same windows, the same words."""

import ast
import re
from pathlib import Path

from clinical.adjudication.antimicrobial_days import EARLY_CODES, EARLY_WORDS
from clinical.adjudication.evidence import BLOOD_CODE, BLOOD_SERVICE, BLOOD_SPECIMEN
from clinical.detection.sepsis import (
    ANTIBIOTIC_AFTER_CULTURE,
    CULTURE_AFTER_ANTIBIOTIC,
    POSITIVE,
)
from clinical.scoring.validity import MICROSECONDS_PER_HOUR

DBT = Path(__file__).parents[3] / "dbt_project"
TERMS = (DBT / "macros" / "terms" / "sep1.sql").read_text()


def test_bundle_pairs_cultures_and_antibiotics_in_the_windows_of_the_rules():
    hours = ast.literal_eval(re.search(r"interval \{\{ (\{.*?\})\[name\]", TERMS, re.DOTALL)[1])
    assert hours["antibiotic_after_culture"] * MICROSECONDS_PER_HOUR == ANTIBIOTIC_AFTER_CULTURE
    assert hours["culture_after_antibiotic"] * MICROSECONDS_PER_HOUR == CULTURE_AFTER_ANTIBIOTIC
    points = re.search(r"macro sep1_sirs_points\(\) %\}(\d+)", TERMS)[1]
    assert int(points) == POSITIVE


def test_blood_cultures_are_the_same_to_both():
    text = (DBT / "models" / "intermediate" / "int_sepsis_evidence.sql").read_text()
    assert f"code = '{BLOOD_CODE}'" in text
    assert f"code_text ilike '{BLOOD_SERVICE}%'" in text
    assert f"specimen ilike '{BLOOD_SPECIMEN}%'" in text


def test_deaths_of_the_marts_end_treatment_early():
    text = (DBT / "macros" / "terms" / "hospital.sql").read_text()
    listed = re.search(r"died_dispositions\(\) -%\}(.*?)\{%-", text, re.DOTALL)[1]
    named = re.findall(r"'([^']+)'", listed)
    assert named
    for one in named:
        assert one in EARLY_CODES or any(word in one for word in EARLY_WORDS)
