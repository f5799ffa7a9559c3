"""This project's engines agree with every published case; where others differ is named."""

import json
import shlex
import sys

import pytest

from tests.conformance.adapter import Adapter, Answer, NotSupportedError
from tests.conformance.adapters.command import Command
from tests.conformance.case import HERE, Case, Expected, load
from tests.conformance.implementations import (
    OURS,
    PUBLIC,
    UNNAMED,
    Known,
    known,
    reasons,
    standing,
)
from tests.conformance.page import PAGE, page
from tests.conformance.verdict import judge, judge_all

CASES = load()
KNOWN = {one.name: one for one in known()}


class Says:
    """An implementation that gives one answer."""

    name, package = "says", None

    def __init__(self, answer: Answer | None) -> None:
        self._answer = answer

    def version(self) -> str:
        return "1"

    def answer(self, case: Case) -> Answer:
        if self._answer is None:
            raise NotSupportedError(case.id)
        return self._answer


def _case(expected: Expected) -> Case:
    return Case("x/1", "x", "y", {}, expected, "a source")


@pytest.mark.parametrize("engine", OURS, ids=lambda engine: engine.name)
def test_both_engines_agree_with_every_published_case(engine: Adapter) -> None:
    differing = [one for one in judge_all(engine, CASES) if one.outcome != "agrees"]
    assert differing == []
    assert len(CASES) > 300


# Its licence (AGPL) keeps it out of the lock: whoever installs it has it asked here, too.
LEFT_OUT = {"clincalc"}
ASKED = [one for one in PUBLIC if one.name not in LEFT_OUT or one.version() is not None]


@pytest.mark.parametrize("package", ASKED, ids=lambda package: package.name)
def test_a_public_package_differs_just_where_it_is_known_to(package: Adapter) -> None:
    version = package.version()
    assert version is not None
    one = KNOWN[package.name]
    assert Known(package.name, version, standing(package, CASES, reasons(one))) == one


def test_every_difference_of_a_public_package_has_a_reason() -> None:
    assert [one.name for one in KNOWN.values() if UNNAMED in reasons(one).values()] == []
    assert sorted(KNOWN) == sorted(package.name for package in PUBLIC)


def test_the_page_says_what_the_files_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(CASES, known())


def test_cases_have_names_of_their_own_and_stand_one_a_line() -> None:
    names = [case.id for case in CASES]
    assert len(names) == len(set(names))
    for path in (HERE / "cases").glob("*.jsonl"):
        assert all(json.loads(line)["source"] for line in path.open(encoding="utf-8"))


@pytest.mark.parametrize(
    ("expected", "answer", "outcome"),
    [
        (Expected("complete", 3), Answer(3), "agrees"),
        (Expected("complete", 5.4762), Answer(5.48), "agrees"),
        (Expected("complete", 3), Answer(4), "differs"),
        (Expected("complete", 3), Answer(None), "differs"),
        (Expected("complete", 3), Answer(3, "partial"), "differs"),
        # Of a set with a hole a number alone is a claim that nothing is missing.
        (Expected("partial"), Answer(0), "differs"),
        (Expected("partial"), Answer(None), "agrees"),
        (Expected("partial"), Answer(0, "partial"), "agrees"),
        (Expected("partial", None, ("spo2",)), Answer(0, "partial", ("gcs",)), "differs"),
        (Expected("complete", 3), None, "not supported"),
    ],
)
def test_a_number_for_what_is_not_known_differs(
    expected: Expected, answer: Answer | None, outcome: str
) -> None:
    assert judge(Says(answer), _case(expected)).outcome == outcome


def test_a_program_in_any_language_is_asked_line_by_line() -> None:
    program = (
        "import json, sys\n"
        "for line in sys.stdin:\n"
        "    told = json.loads(line)\n"
        "    if told['score'] == 'shock_index':\n"
        "        given = told['given']\n"
        "        told = {'total': given['heart_rate'] / given.get('systolic_bp', 1)}\n"
        "    else:\n"
        "        told = {'not_supported': 'no such score'}\n"
        "    print(json.dumps(told))\n"
    )
    asked = Command(shlex.join([sys.executable, "-c", program]))
    found = [one for one in judge_all(asked, CASES) if one.outcome != "not supported"]
    assert [one.outcome for one in found] == [*["agrees"] * 4, "differs"]
