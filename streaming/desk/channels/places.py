"""The two roads that reach nobody who does not look: the board, and a line in the desk's log.

Here: both channels. Not here: the board itself (pages/), which shows every case anyway.

Neither says that anybody was reached: a case that only these were told of stays `raised` until
somebody opens or takes it.
"""

from dataclasses import dataclass

from streaming.desk.channels.channel import Notification, Receipt
from streaming.logs import log


@dataclass(frozen=True, slots=True)
class Board:
    """Shown on the pages of the desk."""

    def send(self, notification: Notification) -> Receipt:
        """Nothing is left to do."""
        del notification
        return Receipt("board", delivered=False)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line in the desk's log: which alert, how grave, where; nothing of a patient."""

    said: str = "log"

    def send(self, notification: Notification) -> Receipt:
        """Write it."""
        log().info(
            "notified",
            alert_id=notification.alert_id,
            kind=notification.kind,
            severity=notification.severity,
            step=notification.step,
            unit=notification.unit,
        )
        return Receipt(self.said, delivered=False)
