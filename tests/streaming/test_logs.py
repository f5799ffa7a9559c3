"""Log lines: of allowed keys, and with their component, from whichever thread they come."""

import io
import json
import threading

import pytest
import structlog

from streaming.logs import configure, log


@pytest.fixture
def lines():
    file = io.StringIO()
    configure("gateway", file)
    yield lambda: [json.loads(line) for line in file.getvalue().splitlines()]
    structlog.reset_defaults()


def test_a_line_of_another_thread_names_its_component(lines):
    log().info("here")
    other = threading.Thread(target=lambda: log().info("there"))
    other.start()
    other.join()
    assert [(line["event"], line["component"]) for line in lines()] == [
        ("here", "gateway"),
        ("there", "gateway"),
    ]


def test_a_key_that_is_not_allowed_is_never_written(lines):
    log().warning("seen", feed="hl7_v2", patient="SECRET")
    assert lines()[0]["feed"] == "hl7_v2"
    assert "SECRET" not in json.dumps(lines())
