"""The site of the pages can be built, strictly, and its menu leads to every page.

Here: docs/site.py with zensical.toml, and docs/commands.py. Not here: whether the pages are true
(test_docs.py).
"""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from docs import commands, site

ROOT = Path(__file__).parents[1]
CONFIG = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))


def leaves(entries):
    for entry in entries:
        below = next(iter(entry.values())) if isinstance(entry, dict) else entry
        yield from leaves(below) if isinstance(below, list) else [below]


def build(place):
    """Zensical over pages staged in `place`, with the project's own configuration."""
    shutil.copyfile(ROOT / "zensical.toml", place / "zensical.toml")
    words = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    return subprocess.run(words, cwd=place, check=False, capture_output=True, text=True)


@pytest.fixture
def staged(tmp_path):
    site.stage(tmp_path / CONFIG["project"]["docs_dir"])
    return tmp_path


def test_menu_leads_to_every_page_once_and_to_nothing_else():
    pages = sorted(str(file) for file in site.files() if file.suffix == ".md")
    assert sorted(leaves(CONFIG["project"]["nav"])) == pages


def test_site_is_built_without_a_warning_and_fetches_nothing(staged):
    done = build(staged)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (staged / "dist" / "site" / "docs" / "commands.html").read_text(encoding="utf-8")
    assert "pulsehouse explain" in page
    assert "fonts.googleapis" not in page


def test_a_link_to_a_page_that_is_not_there_ends_the_build(staged):
    page = staged / CONFIG["project"]["docs_dir"] / "docs" / "limits.md"
    page.write_text("# Limits\n\n[nowhere](absent.md)\n", encoding="utf-8")
    assert build(staged).returncode != 0


def test_page_of_the_commands_is_current():
    written = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert written == commands.page(), "make it anew: python -m docs.commands > docs/commands.md"
