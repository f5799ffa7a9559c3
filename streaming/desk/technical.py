"""Technical cases: what is wrong with the pipes, told like any alert and ended when it is mended.

Here: raising and ending them, whoever noticed. Not here: the lake's own alarms
(lakehouse/alarms.py; intake/alarms.py brings them here), or who is told of them (clinical/routing:
`technical`).

A fault is known by its kind, its subject and when it began: raised once, also after somebody has
closed its case.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from clinical.alerts import Act, rank
from clinical.detection.effects import UNIT
from clinical.detection.finding import Severity
from streaming.desk.acting import act_on
from streaming.desk.creating import create
from streaming.desk.planning import Planner
from streaming.desk.store.models import CASES, KNOWN_ALERTS
from streaming.desk.store.upserts import insert_new

FAMILY: Final = "technical"
ENDED: Final = "ended"
NOTIFIER_DOWN: Final = "notifier_down"

# How grave each kind is; those that are not named are medium. What can keep alerts from people is
# critical, what already delays them high.
SEVERITIES: Final[Mapping[str, Severity]] = {
    "intake_stalled": "critical",
    "inbox_full": "critical",
    "notifier_down": "critical",
    "outbox_late": "high",
    "feed_silent": "high",
    "messages_lost": "high",
    "profile_broken": "high",
    "decoder_failed": "high",
    "certificate_expires": "medium",
    "lake_repaired": "medium",
    "glass_broken": "medium",
    "component_restarted": "low",
}
TITLES: Final[Mapping[str, str]] = {
    "intake_stalled": "The desk cannot read new alerts",
    "notifier_down": "A receiver of notifications is down",
    "outbox_late": "Notifications are late",
    "glass_broken": "Somebody broke the glass",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong: what, of what, since when, and what to do; nothing of a patient."""

    kind: str
    subject: str
    since: datetime
    detail: str

    @property
    def line(self) -> str:
        """What it is about: one case of it is open at a time."""
        return f"{FAMILY}/{self.kind}/{self.subject}"

    @property
    def alert_id(self) -> str:
        """The same fault has the same case."""
        return f"{FAMILY}-{self.kind}-{self.subject}-{self.since:%Y%m%dT%H%M%S.%f}"


def raise_fault(connection: Connection, planner: Planner, fault: Fault, now: datetime) -> bool:
    """Make a case of a fault; False where it has, or had, one."""
    if _known(connection, fault) or open_case(connection, fault.kind, fault.subject) is not None:
        return False
    without = fault.subject if fault.kind == NOTIFIER_DOWN else None
    create(connection, planner, [_columns(fault)], now, without=without)
    known = {"alert_id": fault.alert_id, "case_id": fault.alert_id}
    insert_new(connection, KNOWN_ALERTS, [known])
    return True


def end_fault(
    connection: Connection, planner: Planner, kind: str, subject: str, now: datetime
) -> bool:
    """Close the case of a fault that is over; False where none is open."""
    alert_id = open_case(connection, kind, subject)
    if alert_id is None:
        return False
    act_on(connection, planner, alert_id, Act("resolve", now, reason=ENDED))
    return True


def open_case(connection: Connection, kind: str, subject: str) -> str | None:
    """The open case of a fault; None where there is none."""
    line = f"{FAMILY}/{kind}/{subject}"
    found = select(CASES.c.alert_id).where(CASES.c.episode == line, CASES.c.is_open)
    return connection.execute(found).scalars().first()


def open_faults(connection: Connection, *kinds: str) -> list[tuple[str, str]]:
    """Kind and subject of each open technical case of some kinds."""
    wanted = (CASES.c.is_open, CASES.c.technical, CASES.c.rule.in_(kinds))
    rows = connection.execute(select(CASES.c.rule, CASES.c.payload).where(*wanted))
    return [(row.rule, row.payload["subject"]) for row in rows]


def _known(connection: Connection, fault: Fault) -> bool:
    found = select(KNOWN_ALERTS.c.case_id).where(KNOWN_ALERTS.c.alert_id == fault.alert_id)
    return connection.execute(found).first() is not None


def _columns(fault: Fault) -> dict[str, Any]:
    severity = SEVERITIES.get(fault.kind, "medium")
    title = TITLES.get(fault.kind, fault.kind.replace("_", " ").capitalize())
    return {
        "alert_id": fault.alert_id,
        "episode": fault.line,
        "facility": None,
        "patient_id": None,
        "encounter_id": None,
        "unit": None,
        "severity": severity,
        "rule": fault.kind,
        "rule_family": FAMILY,
        "band": rank(severity) + 1,
        "title": f"{title}: {fault.subject}",
        "route": UNIT,
        "raised_at": fault.since,
        "drill": False,
        "technical": True,
        "payload": {"subject": fault.subject, "detail": fault.detail},
    }
