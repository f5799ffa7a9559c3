"""TLS of the pages: plain text stays on this machine.

Here: which settings are served how. Not here: the server itself.
"""

import ssl

import pytest
import trustme

from lakehouse.errors import SettingsError
from lakehouse.settings import Settings
from streaming.desk.loopback import is_loopback
from streaming.desk.web.serving import tls_context


@pytest.fixture
def certificate(tmp_path):
    """A certificate and its key, as files."""
    made = trustme.CA().issue_cert("desk.example")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
    key.write_bytes(made.private_key_pem.bytes())
    return {"desk_certificate": chain, "desk_key": key}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.9.1"])
def test_this_machine_alone_may_be_served_in_plain_text(host):
    assert tls_context(Settings(desk_host=host)) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "desk.example", "localhost.example"])  # noqa: S104 to be refused
def test_a_host_that_others_reach_needs_a_certificate(host, certificate):
    assert not is_loopback(host)
    with pytest.raises(SettingsError, match="plain text"):
        tls_context(Settings(desk_host=host))
    context = tls_context(Settings(desk_host=host, **certificate))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_certificate_and_its_key_belong_together(certificate, tmp_path):
    with pytest.raises(SettingsError, match="belong together"):
        tls_context(Settings(desk_certificate=certificate["desk_certificate"]))
    with pytest.raises(SettingsError, match="cannot be used"):
        tls_context(Settings(**(certificate | {"desk_key": certificate["desk_certificate"]})))
    with pytest.raises(SettingsError, match="cannot be used"):
        tls_context(Settings(**(certificate | {"desk_key": tmp_path / "none.pem"})))
