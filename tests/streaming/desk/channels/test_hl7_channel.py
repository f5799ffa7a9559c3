"""An alert back to the hospital's record by MLLP, read by others and by a real gateway."""

import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime

import hl7
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from streaming.desk.channels.channel import ChannelError
from streaming.desk.channels.hl7 import Mllp
from streaming.desk.channels.hl7_text import Subject, control_id, oru
from streaming.gateway.framing import framed
from tests.streaming.desk.channels.listening_for import (
    AT,
    FACILITY,
    NOW,
    PATIENT,
    VISIT,
    case,
    notification,
)
from tests.streaming.gateway.gateway_process import Gateway

ABOUT = Subject(FACILITY, PATIENT, VISIT, "sepsis", case().payload["evidence"])


@contextmanager
def answering(answer: bytes, tls: ssl.SSLContext | None = None):
    """A receiver that gives one answer to whoever comes; gives its port and what it heard."""
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                road, _ = listener.accept()
            except OSError:
                return
            try:
                road = tls.wrap_socket(road, server_side=True) if tls else road
                heard.append(road.recv(1 << 16))
                road.sendall(answer)
            except OSError:
                pass
            road.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def receipt(code: str, asked: str = "") -> bytes:
    asked = asked or control_id(notification())
    return framed(f"MSH|^~\\&|EHR|X|P|X|20260116||ACK|1|P|2.5.1\rMSA|{code}|{asked}\r".encode())


def sent(port: int, **changes: object):
    return Mllp("127.0.0.1", port, lambda: NOW).send(notification(case=case(), **changes))


def test_another_parser_reads_patient_rule_and_values():
    message = hl7.parse(oru(notification(), ABOUT, "EHR", NOW).decode())
    assert message.extract_field("PID", 1, 3) == PATIENT
    assert message.extract_field("PID", 1, 3, 1, 4) == FACILITY
    assert message.extract_field("PV1", 1, 19) == VISIT
    assert message.extract_field("PV1", 1, 3) == "WARD18"
    assert message.extract_field("OBR", 1, 4, 1, 1) == "sepsis"
    assert message.extract_field("OBR", 1, 25) == "F"
    values = {str(obx[3][0][0]): str(obx[5]) for obx in message.segments("OBX")}
    assert values["heart_rate"] == "131"
    assert values["sofa (vincent1996)"] == "6"


def test_an_alert_that_is_taken_back_deletes_its_results():
    message = hl7.parse(oru(notification(kind="retracted"), ABOUT, "EHR", NOW).decode())
    assert {str(obx[11]) for obx in message.segments("OBX")} == {"D"}


def test_a_drill_is_a_training_message():
    assert oru(notification(kind="drill"), ABOUT, "EHR", NOW).split(b"|")[10] == b"T"


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_no_text_breaks_out_of_its_field(text):
    plain = oru(notification(title="x"), ABOUT, "EHR", NOW).decode()
    told = oru(notification(title=text), ABOUT, "EHR", NOW).decode()
    assert [line[:4] for line in told.split("\r")] == [line[:4] for line in plain.split("\r")]
    order, other = told.split("\r")[3], plain.split("\r")[3]
    assert order.count("|") == other.count("|")


@pytest.mark.parametrize(("code", "again"), [("AE", False), ("CE", False), ("AR", True)])
def test_an_answer_says_whether_to_try_again(code, again):
    with answering(receipt(code)) as (port, _), pytest.raises(ChannelError) as failed:
        sent(port)
    assert failed.value.retry is again


@pytest.mark.parametrize("code", ["AA", "CA"])
def test_an_acceptance_is_a_receipt(code):
    with answering(receipt(code)) as (port, heard):
        assert sent(port).said == code
    assert heard[0].startswith(b"\x0bMSH|")


@pytest.mark.parametrize("answer", [receipt("AA", "another"), b"noise", b"", framed(b"MSH|x\r")])
def test_an_answer_that_is_none_is_no_receipt(answer):
    with answering(answer) as (port, _), pytest.raises(ChannelError) as failed:
        sent(port)
    assert failed.value.retry


def test_who_does_not_listen_is_tried_again():
    with answering(b"") as (port, _):
        pass
    with pytest.raises(ChannelError) as failed:
        sent(port)
    assert failed.value.retry


def test_over_tls_only_to_whom_we_trust(tmp_path):
    authority, stranger = trustme.CA(), trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    for name, one in (("ours", authority), ("theirs", stranger)):
        one.cert_pem.write_to_path(str(tmp_path / name))
    with answering(receipt("AA"), tls) as (port, _):
        told = notification(case=case())
        ours = Mllp("127.0.0.1", port, lambda: NOW, trust=tmp_path / "ours")
        assert ours.send(told).said == "AA"
        with pytest.raises(ChannelError):
            Mllp("127.0.0.1", port, lambda: NOW, trust=tmp_path / "theirs").send(told)


def test_a_real_gateway_takes_it(tmp_path):
    gateway = Gateway(tmp_path / "lake", "--mllp", "hl7_v2=0")
    try:
        now = datetime.now(UTC)
        channel = Mllp("127.0.0.1", gateway.port(), lambda: now)
        assert channel.send(notification(case=case(), raised_at=AT)).said == "AA"
    finally:
        gateway.process.terminate()
        gateway.process.wait()


def test_technical_alarms_are_not_for_the_record():
    with pytest.raises(ChannelError) as failed:
        Mllp("127.0.0.1", 9, lambda: NOW).send(notification(kind="technical"))
    assert not failed.value.retry
