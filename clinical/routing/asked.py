"""One question to the routes: an alert that asks from a moment on, and what is known beside it.

Here: the question as a value, so that its parts travel together. Not here: the answers.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from clinical.routing.matching import Labels
from clinical.routing.routes import Routes
from clinical.routing.subject import Situation, Subject


@dataclass(frozen=True, slots=True)
class Asked:
    """An alert and the moment at which its asking begins."""

    routes: Routes
    subject: Subject
    now: datetime
    situation: Situation
    # From when its steps count; earlier than now where it asks on.
    since: datetime
    # What a match asks of the alert now.
    labels: Labels

    def comes_at(self, after: timedelta) -> datetime:
        """When a step comes; one that is overdue comes now."""
        return max(self.now, self.since + after)
