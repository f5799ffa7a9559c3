"""What the pages show can be done: the first hour is run as it stands, and so is every query.

Here: the `console` blocks of docs/first_hour.md, in order, in one empty directory, and the `sql`
blocks of docs/queries.md. Not here: whether other pages' commands can be typed (test_docs.py).
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pulsehouse

DOCS = Path(__file__).parents[1] / "docs"
TUTORIAL = (DOCS / "first_hour.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^```console\n(.*?)^```$", TUTORIAL, re.MULTILINE | re.DOTALL)
QUERIES = re.findall(
    r"^```sql\n(.*?)^```$",
    (DOCS / "queries.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)
BASH = shutil.which("bash") or "/bin/bash"


def environment():
    """Ours without its settings; `pulsehouse` is the one of this interpreter."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PULSEHOUSE_")}
    return {**kept, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def leaves_with(step):
    told = re.match(r"# leaves with (\d+)\n", step)
    return int(told[1]) if told else 0


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Every step of the first hour, as it was run, and the directory that it was run in."""
    place = tmp_path_factory.mktemp("first_hour")
    words = [BASH, "-euo", "pipefail", "-c"]
    return place, [
        subprocess.run(
            [*words, step],
            cwd=place,
            env=environment(),
            check=False,
            capture_output=True,
            text=True,
        )
        for step in STEPS
    ]


@pytest.mark.parametrize("number", range(len(STEPS)), ids=lambda n: STEPS[n].splitlines()[0][:40])
def test_step_of_the_first_hour_ends_as_the_page_says(done, number):
    ran = done[1][number]
    assert ran.returncode == leaves_with(STEPS[number]), ran.stdout + ran.stderr


def test_the_mapped_code_is_scored_at_the_end_of_the_first_hour(done):
    place = done[0]
    asked = "select concept, is_scored from observations where code = 'PULS'"
    found = []
    for lake in ("before", "after"):
        with pulsehouse.connect(place / lake) as house:
            found.append(house.sql(asked).fetchall())
    assert found == [[(None, False)], [("heart_rate", True)]]


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_query_of_the_page_has_an_answer_on_the_tables_without_identifiers(done, query):
    with pulsehouse.connect(done[0] / "demo-lake") as house:
        assert house.sql(query).fetchall() != []
