"""A desk that is served, and a real Chromium that opens it."""

import os
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn

from streaming.desk.accounts.passwords import hashed
from streaming.desk.clock import Anchored
from streaming.desk.web.app import desk_app
from tests.streaming.desk.desks import alert, desk_at, take_alerts
from tests.streaming.desk.web.logins import PASSWORD, add_person

CHROMIUM = Path("/usr/bin/chromium")
LOOK = 30_000
UNIT = "Ward 7"


class Served:
    """A desk on a port; it can go away and come back, as a machine that restarts."""

    def __init__(self, desk):
        self.desk = desk
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.begin()

    def begin(self):
        config = uvicorn.Config(
            desk_app(self.desk),
            port=self.port,
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)

    def end(self):
        self.server.should_exit = True
        self.thread.join()

    def raise_alert(self, number, **said):
        now = self.desk.clock.now()
        told = {"unit": UNIT, "raised_at": now} | said
        take_alerts(self.desk, alert(number, **told))
        return f"mimic3-1000-{number}-{told.get('rule_family', 'news2')}"


@pytest.fixture
def served(tmp_path):
    with desk_at(tmp_path, Anchored.system(), desk_port=0) as desk:
        password = hashed(PASSWORD)
        add_person(desk, "nurse", ["lead"], [UNIT], password)
        add_person(desk, "doctor", ["clinician"], [UNIT], password)
        add_person(desk, "privacy", ["privacy"], [], password)
        now = datetime.now(UTC)
        take_alerts(
            desk,
            alert(1, unit=UNIT, severity="medium", title="A medium alert", raised_at=now),
            alert(
                2,
                unit=UNIT,
                severity="critical",
                title="A critical alert",
                raised_at=now - timedelta(minutes=4),
            ),
        )
        found = Served(desk)
        yield found
        found.end()


@pytest.fixture(scope="module")
def chromium():
    """One browser for all tests."""
    if not CHROMIUM.exists():
        reason = f"there is no {CHROMIUM}: install Debian's chromium to see the pages"
        if os.environ.get("PULSEHOUSE_REQUIRE_CHROMIUM") or os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415 absent beside no browser

    expect.set_options(timeout=LOOK)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_as(chromium, served):
    """Pages of people who have logged in by the form; what goes wrong in them is noted."""
    contexts = []

    def opened(name, path="/", **how):
        context = chromium.new_context(**({"viewport": {"width": 1440, "height": 900}} | how))
        context.set_default_timeout(LOOK)
        contexts.append(context)
        page = context.new_page()
        page.wrong = []
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("dialog", lambda dialog: page.wrong.append("a dialog opened"))
        page.on("request", lambda asked: _note(page.wrong, asked.url, served.address))
        page.goto(f"{served.address}/login")
        page.fill("[name=name]", name)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(f"{served.address}/")
        if path != "/":
            page.goto(f"{served.address}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()


def _note(wrong, url, address):
    if not url.startswith((address, "data:", "blob:")):
        wrong.append(f"asked {url}")
