"""Rows of the desk's store as the rest of the desk reads them.

Here: a case, an entry of its history, a notification, a change, and what an act gave. Not here: the
tables they are read from (store/models.py), or reading them (cases.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from clinical.alerts import Life, Refusal, State
from clinical.detection.finding import Severity
from clinical.routing import Plan
from streaming.desk.channels.channel import Kind
from streaming.desk.plans import plan_of, told_at

LIFE_FIELDS = tuple(field.name for field in fields(Life))


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One alert and how far it has come.

    `facility` and `patient_id` are None where it is technical or a drill. `payload` is the newest
    alert's row in the lake, with times as text: evidence, missing, contexts, batch_at and so on.
    `alert_ids` are all alerts of the episode that this case stands for, the newest last.
    """

    alert_id: str
    facility: str | None
    patient_id: str | None
    encounter_id: str | None
    unit: str | None
    severity: Severity
    rule: str
    rule_family: str
    band: int
    title: str
    route: str
    state: State
    owner: str | None
    offered_to: str | None
    raised_at: datetime
    seen_at: datetime
    changed_at: datetime
    acknowledged_at: datetime | None
    snoozed_until: datetime | None
    next_step_at: datetime | None
    drill: bool
    technical: bool
    annotations: tuple[Mapping[str, Any], ...]
    alert_ids: tuple[str, ...]
    payload: Mapping[str, Any]
    plan: Plan
    life: Life

    @property
    def next_step_told(self) -> tuple[str, ...]:
        """Whom the next step will tell: people, and roles where nobody is named."""
        return () if self.next_step_at is None else told_at(self.plan, self.life.step + 1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a case's history: what was done, by whom, and what the case was then."""

    number: int
    alert_id: str
    at: datetime
    event: str
    by: str | None
    reason: str | None
    note: str | None
    to: str | None
    until: datetime | None
    severity: Severity
    state: State
    owner: str | None
    step: int
    unit: str | None


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """One notification and how far it has come; see store/models.py."""

    number: int
    key: str
    alert_id: str
    asking: int
    step: int
    receiver: str
    person: str | None
    role: str | None
    kind: Kind
    state: str
    due_at: datetime
    next_try_at: datetime
    tries: int
    sent_at: datetime | None
    why: str | None
    said: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """Something changed about a case, on a unit: what a board that is open has to hear."""

    number: int
    alert_id: str
    unit: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Acted:
    """What an act gave: the case as it stands, and why the act was refused where it was.

    `repeated` says that this very request was done before, so that nothing was done now.
    """

    case: CaseRow | None
    refusal: Refusal | None = None
    repeated: bool = False


def life_of(row: RowMapping) -> Life:
    """The life in a row of `cases`."""
    return Life(**{name: row[name] for name in LIFE_FIELDS})


def case_of(row: RowMapping) -> CaseRow:
    """The case in a row of `cases`."""
    plain = {name: row[name] for name in _PLAIN}
    return CaseRow(
        **plain,
        annotations=tuple(row["annotations"]),
        alert_ids=tuple(row["alert_ids"]),
        payload=row["payload"],
        plan=plan_of(row["plan"]),
        life=life_of(row),
    )


_PLAIN = tuple(
    field.name
    for field in fields(CaseRow)
    if field.name not in {"annotations", "alert_ids", "payload", "plan", "life"}
)
