"""TLS of the desk's pages, and the rule that plain text stays on this machine.

Here: the context out of the settings `desk_certificate` and `desk_key`. Not here: the server
(streaming/desk/running.py).
"""

import ssl

from lakehouse.errors import SettingsError
from lakehouse.settings import Settings
from streaming.desk.loopback import is_loopback


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """TLS for the pages; None for plain text, which is for loopback alone.

    Raises:
        SettingsError: The settings name no usable certificate, or `desk_host` needs one.
    """
    certificate, key = settings.desk_certificate, settings.desk_key
    if certificate is None or key is None:
        _check_without(settings)
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Nobody is at a keyboard to type the passphrase of a key that has one.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as error:
        msg = (
            f"`desk_certificate` with `desk_key` cannot be used: {certificate} must be PEM that"
            " this user may read, with its own key, which has no passphrase"
        )
        raise SettingsError(msg) from error
    return context


def _check_without(settings: Settings) -> None:
    if settings.desk_certificate is not None or settings.desk_key is not None:
        msg = "`desk_certificate` and `desk_key` belong together: name both"
        raise SettingsError(msg)
    if not is_loopback(settings.desk_host):
        msg = (
            f"`desk_host` {settings.desk_host} can be reached from outside, and patients would"
            " travel in plain text: set `desk_certificate` and `desk_key`, or listen on 127.0.0.1"
            " behind a proxy with TLS (and tell its address in `desk_url`)"
        )
        raise SettingsError(msg)
