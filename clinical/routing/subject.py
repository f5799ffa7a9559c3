"""What is routed, what is known beside it, and what comes out: a plan.

Here: the values that go into `plan` and the one that it gives. Not here: how it is made
(planning.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from clinical.alerts.life import State
from clinical.detection.effects import UNIT
from clinical.detection.finding import Severity
from clinical.routing.routes import Match, Override

Verdict = Literal["notify", "grouped", "inhibited", "silenced"]


@dataclass(frozen=True, slots=True)
class Subject:
    """An alert as routing sees it. `patient` is an opaque key; `route` whom the alert is meant for.

    `route` is "unit" (those who look after the patient), or the role that a context re-routes to.
    """

    alert_id: str
    rule: str
    rule_family: str
    severity: Severity
    band: int
    unit: str | None
    raised_at: datetime
    patient: str | None = None
    route: str = UNIT
    drill: bool = False
    technical: bool = False


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Another open alert of the same patient; `told_at` is when it was last told to anybody."""

    subject: Subject
    state: State
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Silence:
    """What somebody does not want to be told of for a while; of one patient where one is named.

    It hides a critical alert only where its match names that severity.
    """

    silence_id: str
    match: Match
    begins_at: datetime
    ends_at: datetime
    by: str
    reason: str
    patient: str | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known beside the alert.

    `pages` counts each person's pages since the shift began (`shift_began`); `overrides` are those
    of schedules that the routes file does not have.
    """

    pages: Mapping[str, int] = field(default_factory=dict)
    silences: Sequence[Silence] = ()
    cases: Sequence[OpenCase] = ()
    overrides: Mapping[str, Sequence[Override]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """Who is told: a person who has a role then, or the role's own receivers where nobody has.

    `overflowed_from` is who would have been told but has had enough pages in this shift.
    """

    person: str | None
    role: str
    receivers: tuple[str, ...]
    overflowed_from: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Who is told so long after the asking began. Number 0 is the first telling."""

    number: int
    after: timedelta
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is told of an alert, in which order, and why so.

    *notify*: the steps as they are. *grouped*: the first telling is left out, since the same
    patient was just told of (`by` that case); the escalation runs. *inhibited* (`by` a case) and
    *silenced* (`by` a silence): nothing is told, and the alert is asked anew, with a new plan, at
    `until`, or when what hides it ends, whichever comes first.

    `path` names the routes that answered, `repeat` how often the last step comes again.
    """

    steps: tuple[Step, ...]
    verdict: Verdict
    why: str
    path: tuple[str, ...]
    repeat: timedelta
    until: datetime | None = None
    by: str | None = None

    @property
    def chain(self) -> tuple[timedelta, ...]:
        """When the escalations come, for `clinical.alerts.next_step_at`."""
        return tuple(step.after for step in self.steps[1:])
