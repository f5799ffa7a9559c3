"""How a version of the rules is named, and what is no version."""

from pathlib import Path

import pytest

from orchestration.evaluation.errors import EvaluationError
from orchestration.evaluation.rules import rule_set

ROOT = Path(__file__).parents[3]


def test_current_is_the_installed_version():
    with rule_set("current") as rules:
        assert (rules.name, rules.root) == ("current", None)


@pytest.mark.parametrize("place", [ROOT, ROOT / "clinical"])
def test_a_checkout_or_its_package_is_a_version(place):
    with rule_set(str(place)) as rules:
        assert rules.root == ROOT


@pytest.mark.skipif(not (ROOT / ".git").is_dir(), reason="this copy is no git repository")
def test_a_revision_is_taken_out_of_the_repository_and_gone_afterwards():
    with rule_set("HEAD") as rules:
        assert (rules.root / "clinical" / "detection" / "shard.py").is_file()
        assert not (rules.root / "lakehouse").exists()
    assert not rules.root.exists()


@pytest.mark.parametrize("name", ["no-such-version", "--output=stolen", "", "a b"])
def test_what_is_no_version_is_refused_with_the_ways_to_name_one(name):
    with pytest.raises(EvaluationError, match="not a directory") as refused, rule_set(name):
        pass
    assert "\n" not in str(refused.value)


def test_a_directory_without_rules_is_refused(tmp_path):
    with pytest.raises(EvaluationError, match="holds no rules"), rule_set(str(tmp_path)):
        pass


def test_a_directory_inside_a_checkout_is_not_the_checkout():
    with pytest.raises(EvaluationError), rule_set(str(ROOT / "docs")):
        pass
