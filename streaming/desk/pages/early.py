"""Alerts that open boards were told of before the picture had the message that brings the name.

Here: which these are, and that they are told anew once it has. Not here: telling (live.py). An
alert never waits for a name: it is shown with its number, and the name follows within a second.
"""

from collections.abc import Iterable

from streaming.desk.case_rows import CaseRow, Change
from streaming.desk.desk import Desk
from streaming.desk.evaluating.revised import message_of
from streaming.desk.pages.surroundings import picture_of

# More at a time are a storm, or a picture that stands still: pages read themselves anew by then.
_MOST = 500


class Early:
    """The alerts of one process that wait for the picture."""

    def __init__(self, desk: Desk) -> None:
        """None yet."""
        self._desk = desk
        self._waiting: dict[str, Change] = {}
        self._messages: dict[str, tuple[str, int, int]] = {}

    def due(self) -> list[Change]:
        """Those of which the picture has the message now, as if they had changed."""
        picture = picture_of(self._desk)
        if picture is None:
            return []
        return [
            change
            for alert_id, change in self._waiting.items()
            if picture.has(*self._messages[alert_id])
        ]

    def told(self, changes: Iterable[Change], cases: Iterable[CaseRow]) -> None:
        """These were told: who lacks the message is told anew later."""
        newest = {change.alert_id: change for change in changes}
        for case in cases:
            self._waiting.pop(case.alert_id, None)
            self._messages.pop(case.alert_id, None)
            if len(self._waiting) < _MOST and self._lacks(case):
                self._waiting[case.alert_id] = newest[case.alert_id]
                self._messages[case.alert_id] = message_of(case.payload)

    def _lacks(self, case: CaseRow) -> bool:
        picture = picture_of(self._desk)
        if picture is None or case.patient_id is None or "offset" not in case.payload:
            return False
        return case.life.is_open and not picture.has(*message_of(case.payload))
