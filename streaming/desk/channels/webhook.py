"""A webhook: JSON to an address of the hospital's own, signed.

Here: the body, and the signature by which a receiver knows that it is from us and not an old one.
Not here: retries (workers.py).

Headers and signature are those of Standard Webhooks 1.0: `webhook-id` is the notification's key,
the same at every try; `webhook-signature` is HMAC-SHA256 over `id.timestamp.body`.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from streaming.desk.channels.channel import ChannelError, Notification, Receipt
from streaming.desk.channels.posting import Json, posted
from streaming.desk.channels.wording import subject, text

_PREFIX: Final = "whsec_"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Sends to `url`, signed by `secret`: `whsec_` and base64, or any text."""

    url: str
    secret: str
    now: Callable[[], datetime]
    tells: str = "unit"

    def send(self, notification: Notification) -> Receipt:
        """Post it. Errors: `ChannelError`."""
        body = orjson.dumps(_body(notification, self.tells))
        sent_at = str(int(self.now().timestamp()))
        headers = {
            "Idempotency-Key": notification.key,
            "webhook-id": notification.key,
            "webhook-timestamp": sent_at,
            "webhook-signature": signature(self.secret, notification.key, sent_at, body),
        }
        return posted(self.url, body, headers)


def signature(secret: str, key: str, sent_at: str, body: bytes) -> str:
    """`v1,` and the base64 of the HMAC."""
    signed = b".".join((key.encode(), sent_at.encode(), body))
    digest = hmac.new(_secret_bytes(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _secret_bytes(secret: str) -> bytes:
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ChannelError(
            retry=False, why="the receiver's secret is no base64 after whsec_"
        ) from None


def _body(notification: Notification, tells: str) -> Json:
    return {
        "type": f"alert.{notification.kind}",
        "timestamp": notification.raised_at.isoformat(),
        "data": {
            "alert_id": notification.alert_id,
            "severity": notification.severity,
            "unit": notification.unit,
            "step": notification.step,
            "person": notification.person,
            "address": notification.address,
            "subject": subject(notification),
            "text": text(notification, tells),
            "delayed_seconds": notification.delayed_seconds,
            "link": notification.link,
        },
    }
