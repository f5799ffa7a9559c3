"""Drugs are recognised by ingredient, unless their form or route stays local."""

import csv
import gzip

import pytest

from clinical.concepts import CONCEPTS
from clinical.normalise.medications import MEDICATION_CLASSES, MEDICATIONS, recognise
from clinical.wire.profile import CodeRule, FeedProfile
from tests.clinical.normalise.factories import normalised


@pytest.mark.parametrize(
    ("text", "route", "medication_class", "ingredient"),
    [
        ("ceftriaxone sodium", "IV", "antibiotic", "ceftriaxone"),
        ("CefTRIAXone", "IV", "antibiotic", "ceftriaxone"),
        ("Piperacillin-Tazobactam Na", "IV", "antibiotic", "piperacillin"),
        ("Penicillin G Potassium", "IV", "antibiotic", "benzylpenicillin"),
        ("Sulfameth/Trimethoprim DS", "PO", "antibiotic", "sulfamethoxazole"),
        ("*NF* Ertapenem Sodium", "IV", "antibiotic", "ertapenem"),
        ("Vancomycin Oral Liquid", "PO", "antibiotic", "vancomycin"),
        ("Co-amoxiclav 625mg tablets", None, "antibiotic", "amoxicillin"),
        ("NORepinephrine", "IV DRIP", "vasopressor", "norepinephrine"),
        ("Noradrenaline 4mg/50ml", "IV^Intravenous^HL70162", "vasopressor", "norepinephrine"),
        ("Dobutamine", "IV DRIP", "inotrope", "dobutamine"),
        ("Propofol (Generic)", "IV DRIP", "sedative", "propofol"),
        ("Heparin Sodium", "IV", "anticoagulant", "heparin"),
    ],
)
def test_a_drug_is_recognised_by_its_ingredient(text, route, medication_class, ingredient):
    row = normalised("medication_events", {"code_text": text, "route": route})[0]
    assert (row["concept"], row["ingredient"]) == (medication_class, ingredient)
    assert row["route"] == route


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("Erythromycin 0.5% Ophth Oint", "OU"),
        ("Gentamicin", "LEFT EYE"),
        ("Ciprofloxacin", "AU"),
        ("Ciprofloxacin", "OT^Otic^HL70162"),
        ("Metronidazole Gel 0.75%", "TP"),
        ("Clindamycin", "TP"),
        ("Vancomycin Enema", "PR"),
        ("Rifaximin", "PO"),  # stays in the gut: ATC A07, not J01
        ("Nystatin Oral Suspension", "PO"),
        ("Fluconazole", "IV"),
        ("Epinephrine", "IM"),
        ("Lidocaine 1%/Epinephrine 1:100000", "SC"),
        ("Racemic Epinephrine", "NEB"),
        ("Heparin Flush PICC (100 units/ml)", "IV"),
        ("Dopaminergic study drug", "IV"),
        ("", None),
    ],
)
def test_a_local_form_another_drug_or_part_of_a_word_is_not_recognised(text, route):
    assert recognise(text, route) is None


def test_a_drug_without_text_is_known_by_its_code():
    row = normalised("medication_events", {"code": "meropenem"})[0]
    assert (row["concept"], row["ingredient"]) == ("antibiotic", "meropenem")


def test_the_feeds_map_gives_the_class_of_a_code():
    profile = FeedProfile(name="m", codes={("I", "221906"): CodeRule("vasopressor")})
    drug = {"code": "221906", "code_system": "I"}
    first, second = normalised(
        "medication_events", drug, {**drug, "code_text": "Norepinephrine"}, profile=profile
    )
    assert (first["concept"], first["ingredient"]) == ("vasopressor", None)
    assert (second["concept"], second["ingredient"]) == ("vasopressor", "norepinephrine")


def test_a_drug_code_that_is_also_a_vital_sign_elsewhere_is_no_vital_sign():
    profile = FeedProfile(name="m", codes={("", "211"): CodeRule("heart_rate")})
    row = normalised("medication_events", {"code": "211", "code_text": "Aspirin"}, profile=profile)
    assert row[0]["concept"] is None


def test_every_class_is_an_event_of_the_dictionary():
    assert {CONCEPTS[name].kind for name in MEDICATION_CLASSES} == {"event"}
    assert all(item.source for item in MEDICATIONS)


@pytest.mark.parametrize("item", MEDICATIONS, ids=lambda item: item.ingredient)
def test_every_ingredient_is_recognised_by_each_of_its_names(item):
    for words in item.words:
        found = recognise(" ".join(words), "IV")
        assert found is not None
        assert found.medication_class == item.medication_class


def test_antibiotics_of_the_published_suspicion_of_infection_are_recognised(shared_data):
    scores = shared_data / "mimic3_demo_scores" / "suspicion_of_infection.csv.gz"
    with gzip.open(scores, "rt") as rows:
        drugs = {row["antibiotic_name"] for row in csv.DictReader(rows)} - {""}
    missed = {drug for drug in drugs if recognise(drug, "IV") is None}
    assert missed == {"Vancomycin Enema"}  # reaches the bowel only


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"code": "7512", "code_text": "A vial"}, ("vasopressor", "norepinephrine", "7512")),
        ({"code": "7512", "code_text": "Eye drops"}, (None, None, None)),
        ({"code": "7512", "route": "TOP"}, (None, None, None)),
        ({"code": "0", "code_text": "Meropenem"}, ("antibiotic", "meropenem", None)),
    ],
)
def test_an_rxnorm_code_names_an_ingredient_without_words(row, expected):
    [found] = normalised("medication_events", {"code_system": "RXNORM", **row})
    assert (found["concept"], found["ingredient"], found["ingredient_code"]) == expected
