"""Usable by everybody: axe, a phone, twice the size, keys alone, markup that stays text."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.desk.pages import times
from tests.streaming.desk.desks import START
from tests.streaming.desk.e2e.conftest import UNIT

PAGES = (
    "/",
    "/alerts/mimic3-1000-2-news2",
    "/alerts/mimic3-1000-2-news2/ask/decline",
    f"/wall/{UNIT}",
    "/wall",
    "/fatigue",
    "/silences",
    "/drills",
    "/glass",
    "/account",
    "/offline",
)
GRAVE = {"serious", "critical"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_as, served, scheme):
    page = open_as("nurse", color_scheme=scheme)
    found = {}
    for path in (*PAGES, "/login"):
        page.goto(f"{served.address}{path}")
        wrong = [one for one in Axe().run(page).response["violations"] if one["impact"] in GRAVE]
        found |= {f"{path} {one['id']}": [n["html"] for n in one["nodes"]] for one in wrong}
    assert found == {}


# 390: a phone. 720: a desktop of 1440 at 200 %.
@pytest.mark.parametrize("width", [320, 390, 720])
def test_no_page_scrolls_sideways(open_as, served, width):
    page = open_as("nurse", viewport={"width": width, "height": 800})
    for path in PAGES:
        page.goto(f"{served.address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_every_target_on_a_phone_is_large_enough_for_a_thumb(open_as):
    page = open_as("nurse", viewport={"width": 390, "height": 844}, has_touch=True)
    small = page.evaluate(
        """[...document.querySelectorAll("button, select, .button, input")]
        .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44)
        .map(e => e.outerHTML)"""
    )
    assert small == []


def test_board_is_worked_with_keys_alone(open_as, served):
    page = open_as("nurse")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.dataset.alert") == "mimic3-1000-2-news2"
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts/**")


def test_keys_can_be_turned_off(open_as, served):
    page = open_as("nurse")
    page.keyboard.press("?")
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("a")
    assert served.desk.cases.one("mimic3-1000-2-news2").owner is None


MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def test_markup_in_messages_never_runs(open_as, served):
    page = open_as("nurse")
    alert_id = served.raise_alert(
        7, title=MARKUP, patient_id=MARKUP, encounter_id=MARKUP, severity="critical"
    )
    page.locator(f'.row[data-alert="{alert_id}"]').wait_for()
    for path in ("/", f"/alerts/{alert_id}", f"/wall/{UNIT}"):
        page.goto(f"{served.address}{path}")
        page.get_by_text(MARKUP).first.wait_for()
    assert page.wrong == []


def test_script_tells_ages_and_countdowns_in_the_same_words_as_the_server(open_as):
    page = open_as("nurse")

    @settings(max_examples=30)
    @given(st.lists(st.integers(-60_000, 4 * 10**8), min_size=20, max_size=20))
    def agree(spans):
        told = page.evaluate("spans => spans.map(s => [desk.age(s), desk.countdown(s)])", spans)
        assert told == [
            [
                times.age(START - timedelta(milliseconds=span), START),
                times.countdown(START + timedelta(milliseconds=span), START),
            ]
            for span in spans
        ]

    agree()
