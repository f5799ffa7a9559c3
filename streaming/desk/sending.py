"""One notification to one receiver: what it says, and what became of the try.

Here: the roads that the routes name, opened, and one try on one of them. Not here: when it is tried
(workers.py), or the roads (channels/).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from clinical.routing import Receiver, Routes
from lakehouse.settings import Settings
from streaming.desk.channels.channel import Channel, ChannelError, Notification
from streaming.desk.channels.opening import opened
from streaming.desk.channels.places import Board, LogLine
from streaming.desk.claiming import Claimed, Sent
from streaming.desk.metrics import DELIVERY_SECONDS, SEND_SECONDS, SENT
from streaming.logs import log

# A message that is so late says so.
WORTH_SAYING_SECONDS: Final = 5
# Kinds whose receivers may be told who the patient is: systems of the hospital's own.
TOLD_THE_CASE: Final = frozenset({"fhir", "hl7"})
Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Roads:
    """Every receiver of the routes, ready to send."""

    routes: Routes
    channels: Mapping[str, Channel]
    link: str

    def send(self, claimed: Claimed, now: Now) -> Sent:
        """Try once; never raises."""
        started = time.monotonic()
        sent = self._tried(claimed, now)
        receiver = claimed.receiver
        SEND_SECONDS.labels(receiver).observe(time.monotonic() - started)
        SENT.labels(receiver, _outcome(sent)).inc()
        if sent.why is None:
            DELIVERY_SECONDS.labels(receiver).observe((sent.at - claimed.due_at).total_seconds())
        return sent

    def _tried(self, claimed: Claimed, now: Now) -> Sent:
        channel = self.channels.get(claimed.receiver)
        if channel is None:
            return Sent(claimed, now(), why="the routes name no such receiver any more")
        try:
            receipt = channel.send(self._notification(claimed, now()))
        except ChannelError as error:
            return Sent(claimed, now(), why=error.why, again=error.retry)
        except Exception as error:
            # A defect of a road must not end the worker; its text may hold what it sent.
            log().error("road_failed", receiver=claimed.receiver, error=type(error).__name__)
            return Sent(claimed, now(), why=f"failed: {type(error).__name__}", again=True)
        return Sent(claimed, now(), receipt.said, receipt.delivered)

    def _notification(self, claimed: Claimed, now: datetime) -> Notification:
        case, late = claimed.case, int((now - claimed.due_at).total_seconds())
        kind = self.routes.receivers[claimed.receiver].kind
        return Notification(
            key=claimed.key,
            alert_id=claimed.alert_id,
            step=claimed.step,
            person=claimed.person,
            address=self.routes.address(claimed.person, claimed.receiver),
            severity=case.severity,
            kind=claimed.kind,
            unit=case.unit,
            title=case.title,
            raised_at=case.raised_at,
            delayed_seconds=late if late >= WORTH_SAYING_SECONDS else 0,
            link=f"{self.link}/alerts/{quote(claimed.alert_id, safe='')}",
            case=case if kind in TOLD_THE_CASE else None,
        )


def roads(settings: Settings, routes: Routes, now: Now, *, sends: bool = True) -> Roads:
    """The roads of a deployment; without `sends` nothing leaves the machine: a line is logged.

    Raises:
        SettingsError: A receiver lacks an option, or has one that cannot be.
    """
    channels = {name: _channel(one, now, sends=sends) for name, one in routes.receivers.items()}
    return Roads(routes, channels, link(settings))


def link(settings: Settings) -> str:
    """How people reach the desk."""
    if settings.desk_url:
        return settings.desk_url.rstrip("/")
    scheme = "http" if settings.desk_certificate is None else "https"
    return f"{scheme}://{settings.desk_host}:{settings.desk_port}"


def _channel(receiver: Receiver, now: Now, *, sends: bool) -> Channel:
    if receiver.kind == "board":
        return Board()
    if receiver.kind == "log" or not sends:
        return LogLine("log" if receiver.kind == "log" else "held back: a rehearsal")
    return opened(receiver, now)


def _outcome(sent: Sent) -> str:
    if sent.why is None:
        return "taken"
    return "failed" if sent.again else "refused"
