"""TLS: who is let in by certificate, and that plain text stays on this machine."""

import asyncio
import functools
import shutil
import ssl
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from lakehouse.errors import SettingsError
from lakehouse.settings import Settings
from streaming.gateway.framing import framed
from streaming.gateway.tls import expires_at, http_context, is_expiring, mllp_context
from tests.streaming.gateway.listening import PATIENCE, Sender, listening, message

OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")


class Papers:
    """Certificates of a hospital: its authority's, the gateway's, a sender's; and a stranger's."""

    def __init__(self, folder):
        self.folder = folder
        self.authority, self.stranger = trustme.CA(), trustme.CA()
        self.ca = self._written("ca.pem", self.authority.cert_pem)
        self.gateway = self.issued("gateway", self.authority, "localhost", "127.0.0.1")
        self.sender = self.issued("sender", self.authority, "lab.north.example")
        self.foreign = self.issued("foreign", self.stranger, "lab.north.example")

    def issued(self, name, authority, *identities, **validity):
        made = authority.issue_cert(*identities, **validity)
        chain = b"".join(part.bytes() for part in made.cert_chain_pems)
        certificate = self._written(f"{name}.pem", chain)
        return certificate, self._written(f"{name}.key", made.private_key_pem)

    def _written(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.bytes())
        return path

    def settings(self, **others):
        certificate, key = self.gateway
        named = {"tls_certificate": certificate, "tls_key": key, "tls_clients": self.ca}
        return Settings(**(named | others))

    def shown_by(self, paper, trusted=None):
        context = ssl.create_default_context(cafile=trusted or self.ca)
        if paper is not None:
            context.load_cert_chain(*paper)
        return context


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    return Papers(tmp_path_factory.mktemp("papers"))


def in_a_loop(test):
    @functools.wraps(test)
    def run(*arguments, **named):
        asyncio.run(test(*arguments, **named))

    return run


@in_a_loop
async def test_a_sender_with_a_certificate_is_answered(tmp_path, papers):
    async with listening(tmp_path, tls=mllp_context(papers.settings())) as place:
        sender = await Sender.to(place, papers.shown_by(papers.sender))
        await sender.send(message("C1"), message("C2"))
        assert await sender.answers(2) == [("AA", "C1"), ("AA", "C2")]
        sender.close()


@in_a_loop
async def test_without_authorities_of_senders_none_is_asked_for_a_certificate(tmp_path, papers):
    tls = mllp_context(papers.settings(tls_clients=None))
    async with listening(tmp_path, tls=tls) as place:
        sender = await Sender.to(place, papers.shown_by(None))
        await sender.send(message("C1"))
        assert await sender.answer() == ("AA", "C1")
        sender.close()


async def openssl(place, papers, *options):
    """What `openssl s_client` gets back for a message; it ends when the gateway hangs up."""
    words = [OPENSSL, "s_client", "-connect", f"127.0.0.1:{place.port}", "-CAfile", papers.ca]
    process = await asyncio.create_subprocess_exec(
        *[str(word) for word in (*words, "-quiet", *options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.stdin.write(framed(message("OPENSSL")))
        return await asyncio.wait_for(_frame(process), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _frame(process):
    found = b""
    while b"\x1c\r" not in found and (more := await process.stdout.read(4096)):
        found += more
    return found


@needs_openssl
@in_a_loop
async def test_openssl_with_a_certificate_is_answered(tmp_path, papers):
    async with listening(tmp_path, tls=mllp_context(papers.settings())) as place:
        certificate, key = papers.sender
        for version in ("-tls1_2", "-tls1_3"):
            found = await openssl(place, papers, "-cert", certificate, "-key", key, version)
            assert b"MSA|AA|OPENSSL" in found


REFUSED = {
    "no certificate": ["-tls1_3"],
    "no certificate, TLS 1.2": ["-tls1_2"],
    "certificate of a stranger": ["-cert", "foreign.pem", "-key", "foreign.key"],
    "TLS 1.1": [
        *("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"),
        *("-cert", "sender.pem", "-key", "sender.key"),
    ],
}


@needs_openssl
@pytest.mark.parametrize("options", REFUSED.values(), ids=REFUSED)
@in_a_loop
async def test_openssl_is_refused(tmp_path, papers, options):
    named = [papers.folder / one if "." in one and "=" not in one else one for one in options]
    async with listening(tmp_path, tls=mllp_context(papers.settings())) as place:
        assert await openssl(place, papers, *named) == b""
        sender = await Sender.to(place, papers.shown_by(papers.sender))
        await sender.send(message("C1"))
        assert await sender.answer() == ("AA", "C1")
        sender.close()
        assert [raw for raw, _ in place.stored()] == [message("C1")]


@in_a_loop
async def test_plain_text_to_a_tls_port_is_refused(tmp_path, papers):
    async with listening(tmp_path, tls=mllp_context(papers.settings())) as place:
        sender = await Sender.to(place)
        await sender.send(message("C1"))
        assert b"MSA" not in await sender.rest()
        assert place.stored() == []


@in_a_loop
async def test_an_expired_certificate_of_a_sender_is_refused(tmp_path, papers):
    yesterday = datetime.now(UTC) - timedelta(days=1)
    old = papers.issued(
        "old",
        papers.authority,
        "lab.north.example",
        not_before=yesterday - timedelta(days=9),
        not_after=yesterday,
    )
    async with listening(tmp_path, tls=mllp_context(papers.settings())) as place:
        try:
            sender = await Sender.to(place, papers.shown_by(old))
            await sender.send(message("C1"))
            assert await sender.rest() == b""
        except (ssl.SSLError, ConnectionError):
            pass
        assert place.stored() == []


def test_http_asks_nobody_for_a_certificate(papers):
    assert http_context(papers.settings()).verify_mode is ssl.CERT_NONE
    assert mllp_context(papers.settings()).verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_plain_text_is_for_this_machine(host):
    assert mllp_context(Settings(host=host)) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])  # noqa: S104 that is the point
def test_plain_text_for_others_is_refused_with_the_settings_that_mend_it(papers, host):
    for context in (mllp_context, http_context):
        with pytest.raises(SettingsError, match=r"plain text.*tls_certificate.*tls_key"):
            context(Settings(host=host))
        assert context(papers.settings(host=host)) is not None


def test_a_certificate_without_its_key_is_refused(papers):
    with pytest.raises(SettingsError, match="tls_key"):
        mllp_context(papers.settings(tls_key=None))


@pytest.mark.parametrize("name", ["tls_key", "tls_clients"])
def test_a_key_or_authorities_without_a_certificate_are_refused(papers, name):
    with pytest.raises(SettingsError, match="need a certificate"):
        mllp_context(Settings(**{name: papers.ca}))


def _encrypted(papers):
    path = papers.folder / "locked.key"
    key = serialization.load_pem_private_key(papers.gateway[1].read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"secret")
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, locked
        )
    )
    return path


def test_papers_that_cannot_be_used_are_refused_with_their_setting(papers):
    empty = papers.folder / "empty.pem"
    empty.write_bytes(b"")
    wrong = [
        {"tls_certificate": papers.folder / "not-there.pem"},
        {"tls_certificate": empty},
        {"tls_key": papers.sender[1]},
        {"tls_key": _encrypted(papers)},
        {"tls_clients": papers.folder / "not-there.pem"},
        {"tls_clients": empty},
    ]
    for one in wrong:
        (name,) = one
        with pytest.raises(SettingsError, match=name):
            mllp_context(papers.settings(**one))


@pytest.mark.parametrize("year", [2031, 2049, 2050, 2061])
def test_when_a_certificate_expires_is_read_from_it(papers, year):
    end = datetime(year, 3, 1, 12, tzinfo=UTC)
    certificate, _ = papers.issued(f"until-{year}", papers.authority, "localhost", not_after=end)
    assert expires_at(certificate) == end


def test_thirty_days_before_it_expires_is_the_time_to_say_so():
    end = datetime(2031, 3, 1, tzinfo=UTC)
    assert not is_expiring(end, end - timedelta(days=30))
    assert is_expiring(end, end - timedelta(days=30, seconds=-1))
    assert is_expiring(end, end + timedelta(days=1))
