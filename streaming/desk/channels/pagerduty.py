"""PagerDuty, by its Events API v2.

Here: the event. Not here: who is on call there (PagerDuty), or what it says (wording.py).

The alert is the deduplication key: further steps go to the incident that is open, and an alert that
is taken back resolves it. Source: PagerDuty, Events API v2, "Send an alert event".
"""

from dataclasses import dataclass
from typing import Final

import orjson

from streaming.desk.channels.channel import Notification, Receipt
from streaming.desk.channels.posting import Json, posted
from streaming.desk.channels.wording import subject, text

EVENTS: Final = "https://events.pagerduty.com/v2/enqueue"
_SEVERITY: Final = {"critical": "critical", "high": "error", "medium": "warning", "low": "info"}


@dataclass(frozen=True, slots=True)
class PagerDuty:
    """Sends to the service whose routing key is the secret."""

    secret: str
    url: str = EVENTS
    tells: str = "unit"

    def send(self, notification: Notification) -> Receipt:
        """Trigger or resolve. Errors: `ChannelError`."""
        body = orjson.dumps(_event(notification, self.secret, self.tells))
        return posted(self.url, body, {"Idempotency-Key": notification.key})


def _event(notification: Notification, routing_key: str, tells: str) -> Json:
    event: Json = {
        "routing_key": routing_key,
        "event_action": "resolve" if notification.kind == "retracted" else "trigger",
        "dedup_key": notification.alert_id,
    }
    if event["event_action"] == "resolve":
        return event
    return {
        **event,
        "client": "Pulsehouse",
        "client_url": notification.link,
        "payload": {
            "summary": subject(notification),
            "source": notification.unit or "pulsehouse",
            "severity": _SEVERITY[notification.severity],
            "timestamp": notification.raised_at.isoformat(),
            "class": notification.kind,
            "custom_details": {
                "text": text(notification, tells),
                "step": notification.step,
                "key": notification.key,
            },
        },
    }
