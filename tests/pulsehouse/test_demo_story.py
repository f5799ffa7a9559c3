"""The demo as a story: an evening, fourteen nights, one job moved and back, a page to open."""

import json
import os
import subprocess
import sys

import pytest

from docs.notebooks import FOLDER, executed
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.migration.reporting import status
from pulsehouse import demo_migration
from tests.pulsehouse.conftest import ROOT

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The lake, and the story's stable form. It is a minute's work: by itself, and once."""
    lake = tmp_path_factory.mktemp("story") / "demo-lake"
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PULSEHOUSE_")}
    done = subprocess.run(
        [sys.executable, "-m", "pulsehouse", "demo", "--story", "--lake", str(lake), "--json"],
        env=environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    return lake, json.loads(done.stdout)["story"]


def test_the_evening_has_a_septic_patient_whom_somebody_took_before_the_nightly_job(told):
    evening = told[1]["evening"]
    assert evening["raised_at"].partition("T")[2] >= "21:00"
    assert [one["event"] for one in evening["entries"]] == ["raise", "acknowledge"]
    assert evening["entries"][-1]["at"] < evening["batch_at"]
    assert evening["hours_before_batch"] > 2


def test_fourteen_nights_of_every_job_that_moves_are_clean(told):
    nights = told[1]["nights"]
    assert {one["job"] for one in nights} == {"census", "vitals", "labs", "active_medications"}
    assert all(one["nights"] == one["clean"] == 14 for one in nights)
    assert all(one["unexplained"] == 0 < one["matched"] for one in nights)


def test_the_census_is_served_by_the_stream_and_back(told):
    walked = told[1]["walk"]
    assert [one["to_state"] for one in walked] == [
        *("SHADOW", "DUAL_RUN", "DUAL_RUN", "CUTOVER", "DUAL_RUN"),
    ]
    assert [one["served_by"] for one in walked][-2:] == ["stream", "legacy"]
    assert walked[-2]["rows"]["stream"] > 0 == walked[-1]["rows"]["stream"]


def test_the_status_agrees_and_a_job_is_not_moved_twice(told):
    lake = Lake.open(told[0], create=True)
    settings = demo_migration.settings_of(Settings(), lake)
    states = {one.job: (one.state, one.matching) for one in status(lake, settings)}
    assert states["census"] == ("DUAL_RUN", 14)
    assert states["labs"] == ("LEGACY", 14)
    assert demo_migration.walk(lake, settings) == []


def test_the_page_to_open_tells_of_the_nights(told):
    page = (told[0] / "reports" / "quality.html").read_text(encoding="utf-8")
    assert told[1]["report"].endswith("reports/quality.html")
    assert "4 jobs over 14 nights" in page


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_notebook_stored_is_what_its_cells_show_over_the_story(told, file):
    again = executed(file.with_suffix(".py").read_text(encoding="utf-8"), told[0])
    stored = json.loads(file.read_text(encoding="utf-8"))
    assert _told(stored) == _told(again), "make it anew: python -m docs.notebooks LAKE"
    shown = [one for cell in stored["cells"] for one in cell.get("outputs", ())]
    assert any("image/svg+xml" in one["data"] for one in shown)


def _told(notebook):
    """Cells and what they showed as text; a drawing may differ by the fonts of a machine."""
    return [
        (cell["source"], [one["data"]["text/plain"] for one in cell.get("outputs", ())])
        for cell in notebook["cells"]
    ]


def test_no_store_of_the_played_desk_is_left_in_the_lake(told):
    assert not (told[0] / "desk").exists()
