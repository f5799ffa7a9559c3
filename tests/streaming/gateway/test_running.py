"""A gateway as it runs: foreign clients, signals, kills, a full and a broken disk, large frames."""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hl7.client
import pytest
import trustme

from lakehouse.alarms import open_alarms
from lakehouse.lake import Lake
from tests.streaming.gateway.gateway_process import (
    FEED,
    FHIR,
    PATIENCE,
    Line,
    gateway,
    wait_until,
)
from tests.streaming.gateway.listening import message

STRACE = shutil.which("strace")
needs_strace = pytest.mark.skipif(STRACE is None, reason="strace is not installed")
MIB = 1024 * 1024


@pytest.fixture
def lake(tmp_path):
    return tmp_path / "lake"


def ids(count):
    return [f"C{number}" for number in range(count)]


def test_foreign_clients_are_answered_and_no_patient_is_named_in_the_log(lake, tmp_path):
    with gateway(lake) as running:
        with hl7.client.MLLPClient("127.0.0.1", running.port()) as client:
            assert b"MSA|AA|C1\r" in client.send_message(message("C1"))
            wrong = message("C2").replace(b"77^^^NORTH^MR", b"^^^SECRETNAME^MR")
            assert b"MSA|AE|C2|" in client.send_message(wrong)
        batch = tmp_path / "messages.mllp"
        batch.write_bytes(b"".join(b"\x0b" + message(one) + b"\x1c\r" for one in ids(5)))
        words = [sys.executable, "-c", "from hl7.client import mllp_send; mllp_send()"]
        done = subprocess.run(
            [*words, "--port", str(running.port()), "--file", batch, "127.0.0.1"],
            capture_output=True,
            check=True,
            timeout=PATIENCE,
        )
        assert re.findall(rb"MSA\|AA\|(C\d)", done.stdout) == [b"C0", b"C1", b"C2", b"C3", b"C4"]
        Line(running.port()).write(b"SECRETNAME\x1c\r")
        wait_until(lambda: running.told("torn_frame"))
        assert running.stop() == 0
        assert not re.search("SECRET|NORTH", "".join(running.said))


def test_only_what_is_documented_listens_and_on_loopback(lake):
    with gateway(lake, "--mllp", f"{FEED}=0", "--http", f"{FHIR}=0") as running:
        expected = {running.port(), running.port("http", FHIR), running.port("admin")}
        assert listening_sockets(running.process.pid) == {(LOOPBACK, one) for one in expected}
        assert running.asked("/ready") == (200, '{"ready": true, "reason": ""}\n')


LOOPBACK = "0100007F"


def listening_sockets(pid):
    links = (str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir())
    inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
    found = set()
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, _, port = fields[1].partition(":")
                found.add((address, int(port, 16)))
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_everything_read_answered(lake, number):
    with gateway(lake) as running:
        told = [[] for _ in range(8)]
        talking = [
            threading.Thread(target=talk, args=(running.port(), place, one), daemon=True)
            for place, one in enumerate(told)
        ]
        for thread in talking:
            thread.start()
        wait_until(lambda: sum(map(len, told)) > 100)
        assert running.stop(number) == 0
        for thread in talking:
            thread.join(PATIENCE)
        promised = [message(one) for line in told for one in line]
        stored = running.journaled()
        # What is stored and not answered is what the sender does not know of: at most one each.
        assert set(promised) <= set(stored)
        assert len(stored) - len(promised) <= len(told)
        assert running.told("stopped")


def talk(port, place, told):
    """Send and wait, and write down what is promised, until the gateway hangs up."""
    line = Line(port)
    for number in range(1_000_000):
        try:
            line.send(message(f"L{place}-{number}"))
        except OSError:
            return
        if line.answer() is None:
            return
        told.append(f"L{place}-{number}")


def test_two_gateways_share_a_journal_and_not_a_port(lake):
    with gateway(lake) as first, gateway(lake) as second:
        for running in (first, second):
            line = Line(running.port())
            line.send(*map(message, ids(10)))
            assert [line.answer() for _ in range(10)] == [("AA", one) for one in ids(10)]
        with gateway(lake, "--mllp", f"{FEED}={first.port()}") as third:
            assert third.ended() == 1
            assert f"port {first.port()} (`mllp`): Address already in use" in "".join(third.said)
        assert len(first.journaled()) == 20


FAILPOINTS = [
    *("gateway.read", "journal.written", "journal.synced"),
    *("gateway.before_ack", "gateway.after_ack"),
]


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_what_was_promised_before_a_kill_is_in_the_journal(lake, failpoint):
    with gateway(lake, failpoint=f"{failpoint}:7") as killed:
        told = []
        talk(killed.port(), 0, told)
        assert killed.ended() == -signal.SIGKILL
    with gateway(lake) as again:
        line = Line(again.port())
        line.send(message("AFTER"))
        assert line.answer() == ("AA", "AFTER")
        stored = again.journaled()
        assert len(told) in (6, 7)
        assert [message(f"L0-{number}") for number in range(len(told))] == stored[: len(told)]
        assert len(stored) <= 7 + 1


def test_a_full_journal_rejects_and_says_so(lake):
    with gateway(lake, journal_bytes=MIB) as running:
        line = Line(running.port())
        stored = sum(fill(line, size) for size in (50_000, 2_000, 1))
        assert running.asked("/live")[0] == 200
        wait_until(lambda: running.asked("/ready")[0] == 503)
        assert "is full" in json.loads(running.asked("/ready")[1])["reason"]
        assert len(running.journaled()) == stored
        wait_until(lambda: open_alarms_of(lake) == ["inbox_full"])
        assert running.stop() == 0


def fill(line, size):
    """Send messages of about a size until one is rejected; how many were accepted."""
    for accepted in range(100_000):
        line.send(message(f"C{size}-{accepted}", "NTE|" + "x" * size))
        if line.answer()[0] == "AR":
            return accepted
    msg = "it is never full"
    raise AssertionError(msg)


def open_alarms_of(lake):
    return [alarm.kind for alarm in open_alarms(Lake.open(lake, create=False))]


def memory(pid, name):
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+)", text)[1]) * 1024


def test_ten_frames_of_100_megabytes_are_rejected_and_never_held(lake):
    with gateway(lake) as running:
        warm = Line(running.port())
        warm.send(message("WARM", "NTE|" + "x" * MIB))
        assert warm.answer() == ("AA", "WARM")
        before = memory(running.process.pid, "VmRSS")
        answers = []
        sending = [
            threading.Thread(target=send_large, args=(running.port(), number, answers), daemon=True)
            for number in range(10)
        ]
        for thread in sending:
            thread.start()
        warm.send(message("MEANWHILE"))
        assert warm.answer() == ("AA", "MEANWHILE")
        for thread in sending:
            thread.join(2 * PATIENCE)
        assert sorted(answers) == [("AR", f"LARGE{number}") for number in range(10)]
        assert memory(running.process.pid, "VmHWM") - before < 64 * MIB


def send_large(port, number, answers):
    line = Line(port)
    line.write(b"\x0b" + message(f"LARGE{number}"))
    for _ in range(100):
        line.write(b"x" * MIB)
    line.write(b"\x1c\r")
    answers.append(line.answer())


class Traced:
    """System calls of a running process, watched by strace until the block ends."""

    def __init__(self, pid, out, *options):
        self.out = out
        words = [STRACE, "-f", "-p", str(pid), "-s", "6000", "-o", str(out), *options]
        self._process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        # It says "attached" once it is.
        for line in self._process.stderr:
            if "attached" in line:
                return self
        pytest.skip("strace may not attach here")

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(PATIENCE)

    def lines(self):
        return self.out.read_text(encoding="utf-8").splitlines()


@needs_strace
def test_no_acknowledgement_is_sent_before_its_message_is_forced_to_the_disk(lake, tmp_path):
    calls = "trace=write,pwrite64,fdatasync,fsync,sendto"
    with gateway(lake) as running:
        line = Line(running.port())
        with Traced(running.process.pid, tmp_path / "calls", "-e", calls) as traced:
            for one in ids(20):
                line.send(message(f"TRACED-{one}-"))
                assert line.answer() == ("AA", f"TRACED-{one}-")
        seen = traced.lines()
    for one in ids(20):
        sent = place(seen, rf"sendto\(.*MSA\|AA\|TRACED-{one}-")
        written = place(seen, rf"pwrite64\(.*\|TRACED-{one}-")
        assert any(written < begin and end < sent for begin, end in syncs(seen)), one


def place(seen, pattern):
    return next(number for number, line in enumerate(seen) if re.search(pattern, line))


def syncs(seen):
    """Where each fsync that succeeded begins and ends."""
    begun = {}
    for number, line in enumerate(seen):
        thread = line.split()[0]
        if re.search(r"(fdatasync|fsync)\(\d+", line):
            begun[thread] = number
        if thread in begun and re.search(r"(fdatasync|fsync)[( ].*= 0$", line):
            yield begun.pop(thread), number


@needs_strace
def test_a_disk_that_fails_ends_the_process_after_everybody_was_told(lake, tmp_path):
    inject = ["-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:error=EIO"]
    with gateway(lake) as running:
        line = Line(running.port())
        line.send(message("BEFORE"))
        assert line.answer() == ("AA", "BEFORE")
        with Traced(running.process.pid, tmp_path / "calls", *inject):
            line.send(message("C1"), message("C2"))
            assert [line.answer(), line.answer()] == [("AR", "C1"), ("AR", "C2")]
            assert line.answer() is None
            assert running.ended() == 1
        assert "error: the disk under the journal" in "".join(running.said)
    with gateway(lake) as again:
        assert message("BEFORE") in again.journaled()
        assert again.port()


def test_a_journal_that_is_gone_ends_a_gateway_to_which_nobody_sends(lake):
    with gateway(lake) as running:
        running.port()
        (lake / "journal").rename(lake / "aside")
        assert running.ended() == 1
    assert "moved away" in running.said[-1]


def test_a_certificate_that_expires_soon_is_an_alarm(lake, tmp_path):
    authority = trustme.CA()
    soon = authority.issue_cert("localhost", not_after=datetime.now(UTC) + timedelta(days=10))
    certificate, key = tmp_path / "gateway.pem", tmp_path / "gateway.key"
    soon.cert_chain_pems[0].write_to_path(certificate)
    soon.private_key_pem.write_to_path(key)
    with gateway(lake, tls_certificate=certificate, tls_key=key) as running:
        assert running.port()
        wait_until(lambda: open_alarms_of(lake) == ["certificate_expires"])
        (warning,) = running.told("certificate_expires")
        assert "put a new one in its place" in warning["detail"]
        assert running.stop() == 0


def test_a_sender_that_never_ends_does_not_keep_it_from_ending(lake):
    with gateway(lake) as running, socket.create_connection(("127.0.0.1", running.port())) as mute:
        mute.sendall(b"\x0bMSH|")
        wait_until(lambda: "pulsehouse_connections" in running.asked("/metrics")[1])
        assert running.stop() == 0
        assert 'torn_frames_total{feed="hl7_v2"}' not in "".join(running.said)
