"""What a data engineer sees who opens `dagster dev`, in a real browser, and who it talks to.

One start of Dagster for all tests. Without a Chromium the tests skip; in CI they must not.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
STARTS_WITHIN = 300
LOOK = 60_000
# Notes every name that a process of Dagster looks up, in the process and in its children.
NO_CALLS_HOME = """
import os, socket, sys
HERE = (None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", socket.gethostname())
def note(event, args):
    if event == "socket.getaddrinfo" and args[0] not in HERE:
        with open(os.environ["CALLS_OUT"], "a") as file:
            file.write(f"{args[0]}\\n")
sys.addaudithook(note)
"""
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def address(hospital, tmp_path_factory):
    """`dagster dev` over the small hospital, as in a fresh clone: DAGSTER_HOME is not set."""
    place = tmp_path_factory.mktemp("ui")
    (place / "sitecustomize.py").write_text(NO_CALLS_HOME)
    copy = hospital.copy(place)
    port = _free_port()
    command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-p", str(port)]
    with (place / "log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=_environment(place, copy),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_hear_signals,  # noqa: PLW1509 no thread of ours runs here
        )
    try:
        _wait(process, port, place / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        _end(process)
    calls = place / "calls"
    assert not calls.exists(), calls.read_text()


def _hear_signals():
    # Where the tests themselves run in the background of a shell, it has both ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _end(process):
    try:
        process.wait(60)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def page(address, tmp_path_factory):
    """A page of a headless Chromium, which notes every request to another machine."""
    if not CHROMIUM.exists():
        reason = f"there is no {CHROMIUM}: install Debian's chromium to see the pages"
        if os.environ.get("PULSEHOUSE_REQUIRE_CHROMIUM") or os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 absent beside no browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        found = browser.new_page(viewport={"width": 1500, "height": 1000})
        found.elsewhere = []
        found.on("request", lambda r: _note(found.elsewhere, r.url, address))
        yield found
        browser.close()


def test_stream_tables_are_told_of_with_version_and_lag(address):
    metadata = _until(lambda: _newest(address, ["lake", "raw_messages"]))
    assert {"delta_version", "dagster/row_count", "lag_seconds", "dispositions"} <= set(metadata)


def test_every_automation_runs_from_the_first_start(address):
    sensors = _ask(address, SENSORS)["sensorsOrError"]["results"]
    running = {s["name"] for s in sensors if s["sensorState"]["status"] == "RUNNING"}
    assert {"stream_tables", "late_facts", "failed_runs", "late_facts_vitals"} <= running


def test_instance_has_telemetry_off_run_monitoring_and_pools_of_one(address):
    told = _ask(address, "{ instance { info } }")["instance"]["info"]
    assert re.search(r"telemetry:\s+enabled: false", told)
    assert re.search(r"run_monitoring:\s+enabled: true", told)
    assert re.search(r"default_limit: 1\b", told)


def test_catalogue_shows_streams_jobs_ledger_and_marts(page, address):
    page.goto(f"{address}/assets", timeout=LOOK)
    _sees(page, "lake")
    _picture(page, "assets")
    page.goto(f"{address}/assets/lake", timeout=LOOK)
    _sees(page, "raw_messages")
    page.goto(f"{address}/locations/pulsehouse/jobs", timeout=LOOK)
    for job in ("nightly", "promote_job", "rollback_job", "reconcile", "quality"):
        _sees(page, job)
    _picture(page, "jobs")


def test_stream_table_shows_its_lag_columns_and_description(page, address):
    page.goto(f"{address}/assets/lake/raw_messages?view=overview", timeout=LOOK)
    _sees(page, "one message as it was received")
    _sees(page, "content_hash")
    _picture(page, "stream-table")
    page.goto(f"{address}/assets/lake/raw_messages?view=events", timeout=LOOK)
    _sees(page, "lag_seconds")
    _picture(page, "stream-lag")


def test_checks_of_a_stream_table_are_listed(page, address):
    page.goto(f"{address}/assets/lake/raw_messages?view=checks", timeout=LOOK)
    for check in ("stream_lag", "ledger_equation", "readable"):
        _sees(page, check)
    _picture(page, "checks")


def test_ledger_says_what_it_is(page, address):
    page.goto(f"{address}/assets/migration/job_ledger?view=overview", timeout=LOOK)
    _sees(page, "one decision about one nightly job")
    _picture(page, "ledger")


def test_pages_ask_nobody_else(page):
    assert page.elsewhere == []


SENSORS = """
{ sensorsOrError(
    repositorySelector: {repositoryLocationName: "pulsehouse", repositoryName: "__repository__"}
  ) { ... on Sensors { results { name sensorState { status } } } } }
"""
NEWEST = """
query ($key: AssetKeyInput!) { assetOrError(assetKey: $key) { ... on Asset {
  assetMaterializations(limit: 1) { metadataEntries { label } } } } }
"""


def _newest(address, key):
    found = _ask(address, NEWEST, key={"path": key})["assetOrError"]
    events = found.get("assetMaterializations") or []
    return [entry["label"] for entry in events[0]["metadataEntries"]] if events else None


def _ask(address, query, **variables):
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(  # noqa: S310 our own server
        f"{address}/graphql", body, {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)["data"]


def _until(found):
    for _ in range(STARTS_WITHIN):
        if (value := found()) is not None:
            return value
        time.sleep(1)
    pytest.fail("Dagster's daemon told of nothing")


def _wait(process, port, log):
    for _ in range(STARTS_WITHIN * 2):
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    pytest.fail(log.read_text())


def _environment(place, hospital):
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("DAGSTER", "PULSEHOUSE", "DBT"))
    }
    return kept | {
        "PULSEHOUSE_LAKE": str(hospital.settings.lake),
        "PULSEHOUSE_EXTRACTS": str(hospital.settings.extracts),
        "PULSEHOUSE_FIRST_NIGHT": hospital.settings.first_night.isoformat(),
        "PYTHONPATH": str(place),
        # What another Dagster of this user has written down, any webserver would send.
        "HOME": str(place),
        "CALLS_OUT": str(place / "calls"),
    }


def _free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _note(elsewhere, url, address):
    if not url.startswith((address, "data:", "blob:", address.replace("http", "ws"))):
        elsewhere.append(url)


def _sees(page, text):
    page.get_by_text(text).first.wait_for(timeout=LOOK)


def _picture(page, name):
    if place := os.environ.get("DAGSTER_UI_PICTURES"):
        page.wait_for_timeout(1_500)
        page.screenshot(path=str(Path(place) / f"{name}.png"))
