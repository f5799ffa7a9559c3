"""E-mail, against a real mail server in this process."""

import ssl
from contextlib import contextmanager

import pytest
import trustme
from aiosmtpd.controller import Controller

from streaming.desk.channels.channel import ChannelError
from streaming.desk.channels.electronic_mail import Mail
from tests.streaming.desk.channels.listening_for import SECRETS, case, notification

SENDER = "desk@hospital.example"


class Box:
    """A mailbox that answers as it is told."""

    def __init__(self, answer="250 taken"):
        self.answer, self.kept = answer, []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        envelope.rcpt_tos.append(address)
        return "250 yes" if self.answer != "nobody" else "550 no such person"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.kept.append(envelope.content.decode())
        return self.answer


class AnyPort(Controller):
    """The controller connects to itself to see that it runs; here its port is known only then."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(box, **options):
    controller = AnyPort(box, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def mail(port, security="none"):
    return Mail("127.0.0.1", port, SENDER, security)


def test_a_mail_says_nothing_of_a_patient_and_asks_for_a_login():
    box = Box()
    with mail_server(box) as port:
        mail(port).send(notification(case=case()))
    (kept,) = box.kept
    assert [word for word in SECRETS if word in kept] == []
    assert "To: nurse.a@ward.example" in kept
    assert "CRITICAL: New alert, WARD18" in kept
    assert "login" in kept


def test_a_retry_is_the_same_message():
    box = Box("451 later")
    with mail_server(box) as port:
        for _ in range(2):
            with pytest.raises(ChannelError) as failed:
                mail(port).send(notification())
            assert failed.value.retry
    first, second = (kept.split("Message-ID: ")[1].split("\r\n")[0] for kept in box.kept)
    assert first == second == f"<{notification().key}@hospital.example>"


@pytest.mark.parametrize(("answer", "again"), [("552 full", False), ("452 full now", True)])
def test_an_answer_says_whether_to_try_again(answer, again):
    with mail_server(Box(answer)) as port, pytest.raises(ChannelError) as failed:
        mail(port).send(notification())
    assert failed.value.retry is again


def test_who_is_not_there_is_not_tried_again_nor_named():
    with mail_server(Box("nobody")) as port, pytest.raises(ChannelError) as failed:
        mail(port).send(notification())
    assert not failed.value.retry
    assert "nurse" not in str(failed.value)


def test_nobody_s_address_is_a_fault_of_the_routes():
    with pytest.raises(ChannelError) as failed:
        mail(9).send(notification(address=None))
    assert not failed.value.retry


def test_a_server_that_is_away_is_tried_again():
    with mail_server(Box()) as port:
        pass
    with pytest.raises(ChannelError) as failed:
        mail(port).send(notification())
    assert failed.value.retry


def test_nothing_is_sent_to_a_server_whose_certificate_nobody_vouches_for():
    box, tls = Box(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    with mail_server(box, tls_context=tls) as port, pytest.raises(ChannelError):
        mail(port, "starttls").send(notification())
    assert box.kept == []
