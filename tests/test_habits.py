"""The project's own habits: guides that name real files, hooks that fetch nothing, known licences.

Here: CONTRIBUTING, SECURITY, the decisions, pre-commit, the licence page and the bill of materials.
Not here: links and commands in pages (test_docs.py), the rules of the code (test_architecture.py).
"""

import re
from pathlib import Path

import pytest
import yaml

from docs import licences, packages, sbom

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
INSTALLED = packages.installed()


def _named_paths(text):
    """Paths between backticks; of one with a <name> in it the folder that it goes into."""
    for path in re.findall(r"`([\w.]+/[\w./<>-]+)`", text):
        yield path.rpartition("/")[0] if "<" in path else path


def test_every_path_in_the_guide_is_there():
    paths = set(_named_paths(GUIDE))
    assert len(paths) > 20
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md"])
def test_make_targets_in_the_prose_exist(page):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)`", (ROOT / page).read_text(encoding="utf-8")))
    assert named
    assert named <= targets


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_decision_answers_a_question_and_says_what_it_costs(page):
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["Question", "Decision", "Why", "Costs, and what would change it"]
    assert text.startswith(f"# {int(page.stem[:4])}. ")


def test_every_decision_is_in_their_list():
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in DECISIONS if f"({page.name})" not in listed] == []
    assert len(DECISIONS) >= 5


def test_hooks_fetch_nothing_and_run_what_is_installed():
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = [hook for repository in repositories for hook in repository["hooks"]]
    assert {repository["repo"] for repository in repositories} == {"local"}
    assert {hook["language"] for hook in hooks} == {"system"}
    assert "make --no-print-directory precommit" in {hook["entry"] for hook in hooks}


def test_licence_of_every_installed_package_is_known():
    assert [one.name for one in INSTALLED.values() if not one.licence] == []


def test_product_rests_on_no_package_without_a_licence():
    product = packages.of_the_product(INSTALLED)
    unnamed = {one.name for one in INSTALLED.values() if one.licence == packages.NONE_NAMED}
    assert unnamed
    assert not unnamed & product


def test_packages_for_tests_are_not_counted_to_the_product():
    product = packages.of_the_product(INSTALLED)
    assert {"bytewax", "deltalake", "duckdb", "pydantic-core"} <= product
    assert not {"pytest", "hypothesis", "ruff", "mypy"} & product


def test_page_of_licences_has_every_installed_package():
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8").splitlines()
    absent = [one.name for one in INSTALLED.values() if licences.row(one) not in page]
    assert absent == [], "make it anew: python -m docs.licences > docs/licences.md"


def test_bill_of_materials_has_every_package_once_and_no_loose_end():
    bill = sbom.bill()
    references = [one["bom-ref"] for one in bill["components"]]
    assert len(references) == len(set(references)) == len(INSTALLED)
    assert [one["name"] for one in bill["components"]] == list(INSTALLED)
    known = {*references, bill["metadata"]["component"]["bom-ref"]}
    named = {need for one in bill["dependencies"] for need in (one["ref"], *one["dependsOn"])}
    assert named <= known


def test_same_lock_gives_the_same_bill():
    assert sbom.bill() == sbom.bill()
