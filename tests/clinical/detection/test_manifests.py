"""Every rule has a manifest that says all it must, and does what its test vectors say."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import clinical.detection
from clinical.detection.manifest import MANIFESTS, SOURCE_ATTRIBUTES, manifest_of, read
from clinical.detection.rules import FAMILIES
from clinical.detection.version import effects
from tests.clinical.detection.vectors import alerts, named, told

ROOM = Path(clinical.detection.__file__).parent
NEWS2 = (ROOM / "manifests" / "news2.toml").read_text(encoding="utf-8")
VECTORS = [(family, one) for family, found in MANIFESTS.items() for one in found.test_vectors]


def test_every_rule_family_has_a_manifest_and_every_manifest_a_rule() -> None:
    assert {family.name for family in FAMILIES} == set(MANIFESTS)


def test_every_module_with_a_rule_is_asked() -> None:
    modules = {
        path.stem for path in ROOM.glob("*.py") if "\ndef find(" in path.read_text(encoding="utf-8")
    }
    assert {family.find.__module__.rpartition(".")[2] for family in FAMILIES} == modules


@pytest.mark.parametrize(("family", "vector"), VECTORS, ids=lambda one: getattr(one, "name", one))
def test_a_rule_does_what_its_test_vectors_say(family: str, vector: object) -> None:
    assert named(alerts(told(vector), family), vector.expects) == list(vector.expects)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_rule_of_a_family_is_in_a_test_vector(family: object) -> None:
    expected = [one for vector in MANIFESTS[family.name].test_vectors for one in vector.expects]
    assert {band.rule for band in family.bands.values()} == {one.get("rule") for one in expected}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_some_test_vector_of_a_family_raises_no_alert(family: object) -> None:
    quiet = [one for one in MANIFESTS[family.name].test_vectors if not one.expects]
    assert quiet, "a rule that cannot stay silent tells nothing"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_effects_name_rules_of_their_family(family: object) -> None:
    named_rules = {rule for one in MANIFESTS[family.name].context.values() for rule in one.rules}
    assert named_rules <= {band.rule for band in family.bands.values()}


@pytest.mark.parametrize("family", MANIFESTS)
def test_comfort_care_is_answered_by_every_family(family: str) -> None:
    assert MANIFESTS[family].context["comfort_care"].effect in {"suppress", "reroute"}


def test_each_analyte_goes_by_the_manifest_of_critical_results() -> None:
    assert manifest_of("critical_potassium") is MANIFESTS["critical_result"]


@given(st.sampled_from(sorted(SOURCE_ATTRIBUTES)))
def test_a_manifest_without_a_source_attribute_is_refused(name: str) -> None:
    lines = [line for line in NEWS2.splitlines() if not line.startswith(f"{name} = ")]
    with pytest.raises(ValueError, match=f"source attribute {name} is empty"):
        read("news2", "\n".join(lines))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('owner = "Clinical', 'owner = "" # "Clinical', "owner is empty"),
        ('effect = "suppress"', 'effect = "silence"', "context comfort_care lacks an effect"),
        ('effect = "suppress"', 'effect = "reroute"', "context comfort_care must name a route"),
        ("[[test_vectors]]", "[[vectors]]", "test_vectors is empty, vectors is unknown"),
        ('race = "Not', 'rase = "Not', "rase is no attribute, source attribute race is empty"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused_with_all_that_is_wrong(
    old: str, new: str, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        read("news2", NEWS2.replace(old, new))


def test_the_rules_version_rests_on_effects_and_not_on_what_is_told_about_them() -> None:
    news2 = MANIFESTS["news2"]
    comfort = news2.context["comfort_care"]
    other = [
        replace(news2, context={**news2.context, "comfort_care": changed})
        for changed in (replace(comfort, effect="mark"), replace(comfort, reason="Another"))
    ]
    decided = [effects({"news2": one}) for one in (news2, *other)]
    assert decided[0] == decided[2] != decided[1]
