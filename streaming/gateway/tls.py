"""TLS of the gateway: which certificate it shows, and which it asks for.

Here: contexts out of the settings, the rule that plain text stays on this machine, and when a
certificate expires. Not here: handshakes (listeners.py), or who is told of an expiry (running.py).
"""

import ipaddress
import socket
import ssl
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from lakehouse.errors import SettingsError
from lakehouse.settings import Settings

# A certificate is renewed by people, who need so long.
WARNED_BEFORE: Final = timedelta(days=30)

_CONTEXT_0, _UTC_TIME = 0xA0, 0x17
_LONG_LENGTH: Final = 0x80
# RFC 5280, 4.1.2.5.1: years of two digits below this are of this century.
_CENTURY: Final = 50


def mllp_context(settings: Settings) -> ssl.SSLContext | None:
    """TLS for MLLP, with client certificates where the settings name their authorities.

    None for plain text, which is for loopback alone.

    Raises:
        SettingsError: The settings name no usable certificate, or `host` needs one.
    """
    context = _context(settings)
    if context is None or settings.tls_clients is None:
        return context
    try:
        context.load_verify_locations(cafile=settings.tls_clients)
    except (OSError, ValueError) as error:
        raise _unusable(("tls_clients",), settings.tls_clients) from error
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def http_context(settings: Settings) -> ssl.SSLContext | None:
    """TLS for HTTP, whose senders show a token instead of a certificate. As `mllp_context`."""
    return _context(settings)


def _context(settings: Settings) -> ssl.SSLContext | None:
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None:
        _check_without(settings)
        return None
    if key is None:
        msg = "`tls_certificate` needs its key: name it in the setting `tls_key`"
        raise SettingsError(msg)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Nobody is at a keyboard to type the passphrase of a key that has one.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as error:
        raise _unusable(("tls_certificate", "tls_key"), certificate) from error
    return context


def _check_without(settings: Settings) -> None:
    if settings.tls_key or settings.tls_clients:
        msg = "`tls_key` and `tls_clients` need a certificate: name it in `tls_certificate`"
        raise SettingsError(msg)
    if not _is_loopback(settings.host):
        msg = (
            f"`host` {settings.host} can be reached from outside, and messages would travel in"
            " plain text: set `tls_certificate` and `tls_key` (for client certificates"
            " `tls_clients`, too), or listen on 127.0.0.1"
        )
        raise SettingsError(msg)


def _is_loopback(host: str) -> bool:
    try:
        found = {str(address[0]) for *_, address in socket.getaddrinfo(host, None)}
    except OSError:
        # Opening the port will say what is wrong with the name.
        return False
    return all(ipaddress.ip_address(one.partition("%")[0]).is_loopback for one in found)


def _unusable(names: Sequence[str], path: Path) -> SettingsError:
    settings = " with ".join(f"`{name}`" for name in names)
    msg = (
        f"{settings} cannot be used: {path} must be PEM that this user may read, a certificate and"
        " its key must belong together, and the key has no passphrase"
    )
    return SettingsError(msg)


def expires_at(path: Path) -> datetime:
    """When the first certificate of a PEM file expires.

    Raises:
        ValueError: It holds no certificate.
    """
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    text = path.read_text(encoding="ascii", errors="replace")
    _, _, rest = text.partition(begin)
    return _not_after(ssl.PEM_cert_to_DER_cert(begin + rest.partition(end)[0] + end))


def is_expiring(expires: datetime, now: datetime) -> bool:
    """Whether it is time to say so."""
    return expires - now < WARNED_BEFORE


def _not_after(certificate: bytes) -> datetime:
    """The end of the validity; RFC 5280, 4.1: Certificate, TBSCertificate, Validity, notAfter."""
    _, whole = next(_elements(certificate))
    _, to_be_signed = next(_elements(whole))
    parts = [part for part in _elements(to_be_signed) if part[0] != _CONTEXT_0]
    # serialNumber, signature, issuer, validity; the version before them is not counted.
    _, validity = parts[3]
    _, (kind, written) = _elements(validity)
    text = written.decode("ascii").removesuffix("Z")
    if kind == _UTC_TIME:
        text = ("20" if int(text[:2]) < _CENTURY else "19") + text
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _elements(encoded: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element of DER."""
    at = 0
    while at < len(encoded):
        tag, length = encoded[at], encoded[at + 1]
        at += 2
        if length >= _LONG_LENGTH:
            octets = length - _LONG_LENGTH
            length = int.from_bytes(encoded[at : at + octets], "big")
            at += octets
        yield tag, encoded[at : at + length]
        at += length
