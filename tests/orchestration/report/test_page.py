"""The page in a real browser: charts, no request, no script, wide and narrow, dark, on paper."""

import base64
import csv
import io

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from orchestration.report.page import page, write
from tests.streaming.desk.e2e.conftest import CHROMIUM

GRAVE = {"serious", "critical"}


@pytest.fixture(scope="module")
def file(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "quality.html"
    write(made, path)
    return path


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}: install the package chromium")
    with sync_playwright() as started:
        found = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield found
        found.close()


def test_charts_have_marks_and_nothing_is_asked_of_a_network(browser, file, made):
    shown = browser.new_page()
    asked = []
    shown.on("request", lambda request: asked.append(request.url))
    shown.goto(file.as_uri())
    assert asked == [file.as_uri()]
    assert shown.locator("script").count() == 0
    filled = [answer.question.name for answer in made.answers if answer.rows]
    assert {"documentation_lag", "reconciliation", "migration", "alert_load", "census"} <= {*filled}
    for name in filled:
        marks = shown.locator(f"#{name} svg [aria-roledescription$=mark], #{name} svg .mark-group")
        assert marks.count() > 0, name
        box = shown.locator(f"#{name} svg").bounding_box()
        assert box["width"] > 300, name
    shown.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, file, scheme):
    shown = browser.new_page(color_scheme=scheme)
    shown.goto(file.as_uri())
    found = [one["id"] for one in Axe().run(shown).response["violations"] if one["impact"] in GRAVE]
    assert found == []
    shown.close()


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_page_is_never_wider_than_its_window(browser, file, width):
    shown = browser.new_page(viewport={"width": width, "height": 800})
    shown.goto(file.as_uri())
    shown.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    shown.close()


def test_text_of_a_chart_has_the_ink_of_the_page(browser, file):
    inks = []
    for scheme in ("light", "dark"):
        shown = browser.new_page(color_scheme=scheme)
        shown.goto(file.as_uri())
        text = shown.locator("#census svg text").first
        inks.append(text.evaluate("one => getComputedStyle(one).fill"))
        shown.close()
    assert inks == ["rgb(29, 39, 51)", "rgb(230, 234, 238)"]


def test_page_prints(browser, file):
    shown = browser.new_page()
    shown.goto(file.as_uri())
    assert shown.pdf(format="A4").startswith(b"%PDF-")
    shown.emulate_media(media="print")
    assert shown.locator("nav").is_hidden()
    shown.close()


def test_numbers_taken_away_are_those_of_the_section(browser, file, made):
    shown = browser.new_page()
    shown.goto(file.as_uri())
    [answer] = [one for one in made.answers if one.question.name == "alert_load"]
    link = shown.locator("#alert_load a[download]").get_attribute("href")
    text = base64.b64decode(link.partition(",")[2]).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [int(row["alerts"]) for row in rows] == [row["alerts"] for row in answer.rows]
    shown.close()


def test_every_section_names_its_table_and_the_page_its_cut(made):
    text = page(made)
    for answer in made.answers:
        assert answer.question.table in text
    assert "mimic3 0: " in text


def test_what_a_sender_calls_a_unit_is_text(made):
    [answer] = [one for one in made.answers if one.question.name == "stays"]
    answer.rows[0]["unit"] = "<img src=x onerror=alert(1)>"
    assert "<img" not in page(made)
