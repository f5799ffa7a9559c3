"""The pages tell the truth: made pages are current, links lead somewhere, commands can be typed.

Here: what a machine can check of README.md and docs. Not here: running the commands
(tests/pulsehouse).
"""

import re
import runpy
import shlex
import tomllib
from pathlib import Path

import pytest
import typer

from clinical.normalise import check
from clinical.normalise.values import REASONS as NOT_SCORED
from clinical.scores import BY_VARIANT
from clinical.wire.fhir.reasons import Reason
from clinical.wire.hl7.dispositions import REASONS as HL7_REASONS
from clinical.wire.profile_text import KEYS, parse
from lakehouse.setting_sources import FILE
from lakehouse.settings import Settings
from pulsehouse import config_file, failure
from pulsehouse.command import DEBUG, app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
AT_THE_ROOT = [ROOT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")]
PAGES = [*AT_THE_ROOT, *sorted(DOCS.glob("**/*.md"))]
ERRORS = (DOCS / "exit-codes-and-errors.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")

FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMANDS = typer.main.get_command(app).commands


def _name(item):
    return str(item.relative_to(ROOT)) if isinstance(item, Path) else str(item)


def _shell_lines(text):
    """Lines of the blocks without a language: what is typed, and what it answers."""
    for language, block in FENCED.findall(text):
        if not language:
            for line in block.replace("\\\n", " ").splitlines():
                yield line.strip().removeprefix("$ ")


def _typed(text):
    """What follows `pulsehouse` on each line of a fenced block that begins with it."""
    for line in _shell_lines(text):
        if line.partition(" ")[0].rpartition("/")[2] == "pulsehouse":
            yield tuple(shlex.split(line, comments=True)[1:])


TYPED = [words for page in PAGES for words in _typed(page.read_text(encoding="utf-8"))]


def _anchors(page):
    """The anchors of a page's headings, as they are made on most hosts."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", ["batch_tables", "contexts", "current", "speed", "tables"])
def test_page_that_is_made_is_current(name):
    page = runpy.run_path(str(DOCS / f"{name}.py"))["page"]()
    written = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    assert written == page, f"make it anew: python -m docs.{name} > docs/{name}.md"


def test_pages_of_scores_and_rules_are_current():
    pages = runpy.run_path(str(DOCS / "scores.py"))["pages"]()
    there = {*DOCS.glob("scores/*.md"), *DOCS.glob("rules/*.md"), DOCS / "scores.md"}
    written = {str(path.relative_to(DOCS)): path.read_text(encoding="utf-8") for path in there}
    assert written == pages, "make them anew: python -m docs.scores"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_to_a_file_and_a_heading_of_it(page):
    broken = []
    for link in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_command_line_in_a_page_can_be_typed(words):
    command, *arguments = (word for word in words if word != DEBUG)
    COMMANDS[command].make_context(command, arguments)


def test_readme_shows_every_command():
    assert {words[0] for words in _typed(README)} | {"demo"} == set(COMMANDS)


def test_make_targets_in_pages_exist():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    shown = {
        line.split()[1]
        for page in PAGES
        for line in _shell_lines(page.read_text(encoding="utf-8"))
        if line.startswith("make ")
    }
    assert {"demo", "test"} <= shown <= set(targets)


def test_every_variant_of_a_score_has_a_section():
    pages = [path.read_text(encoding="utf-8") for path in DOCS.glob("scores/*.md")]
    sections = [re.findall(r"^## `(\w+)`, variant `(\w+)`$", page, re.MULTILINE) for page in pages]
    assert {pair for found in sections for pair in found} == set(BY_VARIANT)


def test_every_reason_of_a_disposition_and_of_a_value_not_scored_is_explained():
    reasons = {*HL7_REASONS[1:], *(reason.value for reason in Reason), *NOT_SCORED}
    assert {reason for reason in reasons if f"`{reason}`" not in ERRORS} == set()


def test_every_exit_code_is_explained():
    codes = {value for value in vars(failure).values() if isinstance(value, int)}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", ERRORS, re.MULTILINE)} == codes


def test_profile_in_the_guide_can_be_used_and_has_every_key():
    guide = (DOCS / "feeds.md").read_text(encoding="utf-8")
    blocks = [block for language, block in FENCED.findall(guide) if language == "toml"]
    (codes,) = re.findall(r"^```\n(code_system,.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    profile = parse("north_ward", blocks[0], codes)
    check(profile)
    assert set(KEYS) == set(tomllib.loads(blocks[0]))


def test_page_and_file_of_the_settings_are_current():
    page = runpy.run_path(str(DOCS / "settings.py"))["page"]()
    written = (DOCS / "settings.md").read_text(encoding="utf-8")
    file = (ROOT / FILE).read_text(encoding="utf-8")
    assert (written, file) == (page, config_file.text()), "make them anew: python -m docs.settings"


def test_every_setting_is_listed():
    assert [name for name in Settings.model_fields if f"`{name}`" not in README] == []
