"""The house rules that a machine can check: arrows, lengths, signs on doors, and a lock that locks.

Here: rules about files and imports. Not here: what the code does (the folders beside this file).
"""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from importlinter.cli import lint_imports
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
ROOMS = ("clinical", "lakehouse", "streaming", "orchestration", "pulsehouse")
FOLDERS = (*ROOMS, "dbt_project", "feeds", "tests", "benchmarks", "docs", ".ci")
MADE_HERE = {"__pycache__", "target", "logs", "dbt_packages"}

MAX_LINES = 400
REGISTRY_HOST = re.compile(
    rb"(?:pypi|pythonhosted|npmjs|debian|ubuntu|crates|maven|golang)\.(?:org|com|io)", re.IGNORECASE
)
MACHINE_PATH = re.compile(rb"(?<![\w.$}~-])/(?:home|root|work|tmp|Users)/\w")

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
LOCKED = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+)", LOCK, re.MULTILINE)


def _files():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and not MADE_HERE & set(path.parts):
                yield path
    yield from (path for path in sorted(ROOT.iterdir()) if path.is_file())


def _name(path):
    return str(path.relative_to(ROOT))


FILES = list(_files())
MODULES = [path for path in FILES if path.suffix == ".py"]
MEASURED = [path for path in FILES if path.suffix in {".py", ".sql"}]


def test_imports_follow_the_arrows_of_the_design():
    config = str(ROOT / "pyproject.toml")
    assert lint_imports(config_filename=config, no_cache=True, no_logo=True) == 0


def test_every_room_is_under_the_import_contracts_and_the_type_checker():
    tools = PROJECT["tool"]
    assert set(tools["importlinter"]["root_packages"]) == set(ROOMS)
    assert set(tools["mypy"]["packages"]) == set(ROOMS)


@pytest.mark.parametrize("path", MEASURED, ids=_name)
def test_file_is_short_enough_to_have_one_subject(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_module_opens_with_its_sign(path):
    assert ast.get_docstring(ast.parse(path.read_bytes()))


@pytest.mark.parametrize("pattern", [REGISTRY_HOST, MACHINE_PATH], ids=["host", "path"])
def test_no_file_names_a_package_registry_or_a_place_on_one_machine(pattern):
    assert [_name(path) for path in FILES if pattern.search(path.read_bytes())] == []


def test_the_patterns_find_what_they_are_for():
    assert REGISTRY_HOST.search(b"https://" + b"PyPI" + b".org/simple")
    assert MACHINE_PATH.search(b"open('/" + b"home/someone')")
    assert not MACHINE_PATH.search(b"../shared/home/page")


def test_every_locked_package_has_a_hash():
    entries = re.split(r"\n(?=[A-Za-z])", re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE).strip())
    assert len(entries) == len(LOCKED) > len(PROJECT["project"]["dependencies"])
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_lock_names_no_index_no_address_and_no_local_file():
    assert not re.search(r"://|^-|\s@\s|--(?:index|extra-index|find)", LOCK, re.MULTILINE)


def test_lock_holds_everything_the_project_asks_for_and_what_builds_it():
    locked = {canonicalize_name(name): version for name, version in LOCKED}
    project = PROJECT["project"]
    asked = [
        *project["dependencies"],
        *project["optional-dependencies"]["dev"],
        *PROJECT["build-system"]["requires"],
    ]
    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)])
