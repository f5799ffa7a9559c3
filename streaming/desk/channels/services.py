"""Any of the services that Apprise knows: Teams, Slack, Matrix, ntfy, SMS and a hundred more.

Here: handing a text to Apprise. Not here: retries, order, keys (workers.py): Apprise has none.
"""

import logging
from dataclasses import dataclass

import apprise

from streaming.desk.channels.channel import ChannelError, Notification, Receipt
from streaming.desk.channels.wording import subject, text

# Its log lines hold addresses and texts.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)

_TYPES = {
    "critical": apprise.NotifyType.FAILURE,
    "high": apprise.NotifyType.WARNING,
    "medium": apprise.NotifyType.WARNING,
    "low": apprise.NotifyType.INFO,
}


@dataclass(frozen=True, slots=True)
class Service:
    """Sends to one Apprise URL, which is a secret: it holds the tokens."""

    secret: str
    tells: str = "unit"

    def send(self, notification: Notification) -> Receipt:
        """Hand it to the service. Errors: `ChannelError`."""
        service = apprise.Apprise()
        if not service.add(self.secret):
            raise ChannelError(retry=False, why="Apprise does not know the receiver's url")
        taken = service.notify(
            body=text(notification, self.tells),
            title=subject(notification),
            notify_type=_TYPES[notification.severity],
        )
        if not taken:
            raise ChannelError(retry=True, why="the service did not take it")
        return Receipt("taken")
