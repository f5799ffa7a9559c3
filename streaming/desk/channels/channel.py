"""The seam between the desk's workers and a road to people.

Here: what a channel is given, what it gives back, and how it says that it could not. Not here: any
channel, who is told, or how often it is tried (streaming/desk/workers.py).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

from clinical.detection.finding import Severity

if TYPE_CHECKING:
    from streaming.desk.case_rows import CaseRow

Kind = Literal["new", "worse", "escalation", "handed_over", "retracted", "technical", "drill"]


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one person, or to a place, by one receiver.

    `key` is the same at every try and at every worker: who receives it twice may drop the second.
    `person` and `address` are None where the receiver itself is a place. `case` is for channels
    whose policy may carry more than the words of wording.py (fhir, hl7); None for all others.
    """

    key: str
    alert_id: str
    step: int
    person: str | None
    address: str | None
    severity: Severity
    kind: Kind
    unit: str | None
    title: str
    raised_at: datetime
    delayed_seconds: int
    link: str
    case: "CaseRow | None" = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the other side said when it took it: an answer's code; nothing of a patient.

    `delivered` is False where it was only queued on the way, and a callback is still to say.
    """

    said: str
    delivered: bool = True


class ChannelError(Exception):
    """A notification was not taken; `retry` says whether the same may be taken later."""

    def __init__(self, *, retry: bool, why: str) -> None:
        """Args: why: a few words without address, token or anything of a patient."""
        super().__init__(why)
        self.retry = retry
        self.why = why


class Channel(Protocol):
    """A road to people."""

    def send(self, notification: Notification) -> Receipt:
        """Send it, in at most 10 seconds.

        Raises:
            ChannelError: It was not taken.
        """
