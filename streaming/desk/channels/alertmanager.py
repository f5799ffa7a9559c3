"""Prometheus Alertmanager, by its API v2: technical alarms above all.

Here: the alert with its labels. Not here: what Alertmanager does with it (it knows no
acknowledgement, so that it is a road for technical people and no substitute for the desk).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import orjson

from streaming.desk.channels.channel import Notification, Receipt
from streaming.desk.channels.posting import Json, bearer, posted
from streaming.desk.channels.wording import subject, text


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """Sends to `url`, Alertmanager's address without `/api/v2/alerts`."""

    url: str
    now: Callable[[], datetime]
    secret: str = ""
    tells: str = "unit"

    def send(self, notification: Notification) -> Receipt:
        """Post it as one alert. Errors: `ChannelError`."""
        body = orjson.dumps([_alert(notification, self.tells, self.now())])
        return posted(f"{self.url.rstrip('/')}/api/v2/alerts", body, bearer(self.secret))


def _alert(notification: Notification, tells: str, now: datetime) -> Json:
    alert: Json = {
        # Labels identify the alert: the same ones at every step are one alert there.
        "labels": {
            "alertname": "pulsehouse_technical"
            if notification.kind == "technical"
            else "pulsehouse_alert",
            "severity": notification.severity,
            "unit": notification.unit or "",
            "alert_id": notification.alert_id,
            "drill": str(notification.kind == "drill").lower(),
        },
        "annotations": {
            "summary": subject(notification),
            "description": text(notification, tells),
        },
        "startsAt": notification.raised_at.isoformat(),
        "generatorURL": notification.link,
    }
    if notification.kind == "retracted":
        alert["endsAt"] = now.isoformat()
    return alert
