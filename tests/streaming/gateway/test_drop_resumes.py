"""A file that was interrupted goes on where it stopped: every message exactly once."""

import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.errors import LakehouseError
from streaming.gateway.drop_files import opened
from streaming.gateway.drop_taking import PART_MESSAGES, Taking
from streaming.inbox.journal_reading import JournalReader
from tests.streaming.gateway.dropping import HL7, dropping, kept, messages

ROOT = Path(__file__).parents[3]
SENT = messages(2 * PART_MESSAGES + 500)
WHOLE = [kept(raw) for raw in SENT]
LONG_SECONDS = 100
# A real feed's profile for the real command.
REAL_FEED = "mimic3"


class _EnoughError(Exception):
    pass


def _stopping_after(calls):
    left = iter(range(calls))

    def still_wanted():
        if next(left, None) is None:
            raise _EnoughError

    return still_wanted


def _never(error: LakehouseError):
    raise error


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stops=st.lists(st.integers(0, 12), max_size=3), packed=st.booleans())
def test_wherever_it_is_stopped_every_message_is_stored_once(tmp_path_factory, stops, packed):
    content = b"".join(SENT)
    with dropping(tmp_path_factory.mktemp("law")) as drop:
        path = drop.put("a.hl7", gzip.compress(content, 1) if packed else content)
        for calls in stops:
            taking = Taking(HL7, drop.journal, "drop", _never, _stopping_after(calls))
            with opened(path) as file:
                try:
                    taking.take(file, "a")
                except _EnoughError:
                    continue
        with opened(path) as file:
            taken = Taking(HL7, drop.journal, "drop", _never).take(file, "a")
            again = Taking(HL7, drop.journal, "drop", _never).take(file, "a")
        assert drop.stored() == WHOLE
        assert (taken.messages, again.messages, again.added) == (len(SENT), len(SENT), 0)


def _gateway(place: Path, failpoint: str = "") -> subprocess.Popen[bytes]:
    environ = {name: value for name, value in os.environ.items() if "PULSEHOUSE" not in name}
    environ |= {"PYTHONPATH": str(ROOT), "PULSEHOUSE_GATEWAY_ADMIN": "0"}
    if failpoint:
        environ["PULSEHOUSE_FAILPOINT"] = failpoint
    words = ("gateway", "--lake", place / "lake", "--drop", place / "drop")
    return subprocess.Popen([sys.executable, "-m", "pulsehouse", *map(str, words)], env=environ)


def _wait(condition, process):
    until = time.monotonic() + LONG_SECONDS
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("failpoint", ["journal.written:2", "journal.synced:2"])
def test_gateway_killed_within_a_file_stores_the_rest_when_it_is_started_again(tmp_path, failpoint):
    folder = tmp_path / "drop" / REAL_FEED
    folder.mkdir(parents=True)
    (folder / "a.hl7").write_bytes(b"".join(SENT))
    killed = _gateway(tmp_path, failpoint)
    try:
        assert killed.wait(LONG_SECONDS) == -signal.SIGKILL
    finally:
        killed.kill()
    again = _gateway(tmp_path)
    try:
        _wait((folder / "done" / "a.hl7").exists, again)
        again.terminate()
        assert again.wait(LONG_SECONDS) == 0
    finally:
        again.kill()
    reader = JournalReader(tmp_path / "lake" / "journal")
    assert reader.read(REAL_FEED, 0, 10**6, 1 << 30).raw.to_pylist() == WHOLE
    reader.close()
