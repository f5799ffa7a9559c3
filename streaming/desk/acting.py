"""One act on one case: decided, written down, and its consequences put into the outbox.

Here: what follows from each event, all in the caller's transaction. Not here: which event may
follow which (clinical/alerts), who is told (planning.py), or sending (workers.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, insert, select, update

from clinical.alerts import Act, Event, Life, Refusal, decide, next_step_at, rank
from clinical.routing import Plan, Target
from streaming.desk import outbox
from streaming.desk.case_rows import LIFE_FIELDS, Acted, case_of, life_of
from streaming.desk.channels.channel import Kind
from streaming.desk.metrics import ACKNOWLEDGED_SECONDS
from streaming.desk.outbox import Telling
from streaming.desk.planning import Planner, subject_of
from streaming.desk.plans import is_quiet, plan_columns, plan_of, step_of
from streaming.desk.store.counting import ENTRY_NUMBERS, take
from streaming.desk.store.models import CASES, ENTRIES

# What keeps a case quiet is looked at again after so long, whatever it was.
QUIET_LOOK: Final = timedelta(minutes=10)
# A person is meant, or was told before: no silence is between.
_TOLD_ANYWAY: Final[frozenset[Kind]] = frozenset({"handed_over", "retracted"})


@dataclass(frozen=True, slots=True)
class _Step:
    """An act while it is done: the case's row before, its life and plan after, what else changes.

    `changed` are columns beside those of the life.
    """

    connection: Connection
    planner: Planner
    row: RowMapping
    act: Act
    life: Life
    plan: Plan
    changed: dict[str, Any] = field(default_factory=dict)


def act_on(
    connection: Connection,
    planner: Planner,
    alert_id: str,
    act: Act,
    *,
    key: str | None = None,
    changed: Mapping[str, Any] | None = None,
    anew: bool = False,
) -> Acted:
    """Do an act, within the caller's transaction.

    Args:
        connection: A transaction that writes.
        planner: Who is told when people are asked anew.
        alert_id: The case.
        act: What is done.
        key: Of the request: the same one is not done twice.
        changed: Further columns that the act brings, such as the evidence of what is worse.
        anew: Whether an untaken case asks anew, as if it had just been raised, whatever the act.
    """
    row = _locked(connection, alert_id)
    if row is None:
        return Acted(None)
    if key is not None and _is_done(connection, alert_id, key):
        return Acted(case_of(row), repeated=True)
    before = life_of(row)
    after = decide(before, act)
    if isinstance(after, Refusal):
        return Acted(case_of(row), after)
    if after == before and not changed:
        return Acted(case_of(row))
    asks = anew and after.is_open and not after.is_taken
    life = _begun_anew(after, act.at) if asks else after
    step = _followed(
        _Step(connection, planner, row, act, life, plan_of(row["plan"]), dict(changed or {}))
    )
    _write(_asked_anew(step) if asks else step, key)
    return Acted(case_of(_row(connection, alert_id)))


def next_look_at(life: Life, plan: Plan, now: datetime) -> datetime | None:
    """When the clock looks at a case again; None where it waits for a person alone."""
    if life.state == "snoozed":
        return life.snoozed_until
    if not life.is_open or life.is_taken:
        return None
    if is_quiet(plan):
        return min(plan.until or now + QUIET_LOOK, now + QUIET_LOOK)
    return next_step_at(life, plan.chain, plan.repeat)


def life_columns(life: Life) -> dict[str, Any]:
    """The columns of `cases` that say what a life is."""
    fields = {name: getattr(life, name) for name in LIFE_FIELDS}
    derived = {"rank": rank(life.severity), "is_open": life.is_open, "taken": life.is_taken}
    return fields | derived


def entry_of(life: Life, act: Act, unit: str | None, event: str | None = None) -> dict[str, Any]:
    """A line of history, without its number."""
    return {
        "alert_id": life.alert_id,
        "at": act.at,
        "event": event or act.event,
        "by": act.by,
        "reason": act.reason,
        "note": act.note,
        "to": act.to,
        "until": act.until,
        "severity": life.severity,
        "state": life.state,
        "owner": life.owner,
        "step": life.step,
        "unit": unit,
        "unit_before": None,
        "key": None,
    }


def kind_of(row: RowMapping, kind: Kind) -> Kind:
    """As what a case's news is told: drills and technical cases are told as such."""
    if row["drill"]:
        return "drill"
    return "technical" if row["technical"] else kind


def _locked(connection: Connection, alert_id: str) -> RowMapping | None:
    found = select(CASES).where(CASES.c.alert_id == alert_id).with_for_update()
    return connection.execute(found).mappings().one_or_none()


def _row(connection: Connection, alert_id: str) -> RowMapping:
    found = connection.execute(select(CASES).where(CASES.c.alert_id == alert_id))
    return found.mappings().one()


def _is_done(connection: Connection, alert_id: str, key: str) -> bool:
    mine = (ENTRIES.c.alert_id == alert_id, ENTRIES.c.key == key)
    return connection.execute(select(ENTRIES.c.number).where(*mine)).first() is not None


def _write(step: _Step, key: str | None) -> None:
    columns = life_columns(step.life) | step.changed
    columns["next_step_at"] = next_look_at(step.life, step.plan, step.act.at)
    connection, before = step.connection, step.row
    connection.execute(update(CASES).where(CASES.c.alert_id == before["alert_id"]).values(columns))
    entry = entry_of(step.life, step.act, columns.get("unit", before["unit"]))
    entry |= {"key": key, "number": take(connection, ENTRY_NUMBERS)}
    if "unit" in columns:
        entry["unit_before"] = before["unit"]
    _count(step)
    connection.execute(insert(ENTRIES).values(entry))


def _count(step: _Step) -> None:
    taken = step.life.acknowledged_at
    if taken is not None and step.row["acknowledged_at"] is None and not step.row["drill"]:
        seconds = (taken - step.life.raised_at).total_seconds()
        ACKNOWLEDGED_SECONDS.labels(step.life.severity).observe(seconds)


def _followed(step: _Step) -> _Step:
    """What follows from the act, beside the new life."""
    if step.life.is_taken or not step.life.is_open:
        outbox.withdraw(step.connection, step.row["alert_id"])
    follow = _CONSEQUENCES.get(step.act.event)
    followed = step if follow is None else follow(step)
    if not step.life.is_open:
        release_quiet(step.connection, step.row, step.act.at)
    return followed


def _planned(step: _Step, *, alone: bool = False) -> _Step:
    """The plan made anew, for the case as it is now; `alone`: whatever else would hide it."""
    columns = {**step.row, **life_columns(step.life), **step.changed}
    since = step.life.asked_at
    (plan,) = step.planner.plans(
        *(step.connection, [subject_of(columns)], step.act.at, since), alone=alone
    )
    return _Step(
        *(step.connection, step.planner, step.row, step.act, step.life, plan),
        step.changed | plan_columns(plan),
    )


def _begun_anew(life: Life, now: datetime) -> Life:
    return replace(life, asked_at=now, asking=life.asking + 1, step=0, stepped_at=None)


def _asked_anew(step: _Step, kind: Kind = "new") -> _Step:
    """Everyone who should know by now is told, of all steps that were taken."""
    outbox.withdraw(step.connection, step.row["alert_id"])
    planned = _planned(step)
    steps = planned.plan.steps[: step.life.step + 1]
    # In quiet hours the first telling waits for their end.
    late = step.life.asked_at + steps[0].after - step.act.at if len(steps) == 1 else timedelta(0)
    wait = max(late, timedelta(0))
    _tell(planned, [one for taken in steps for one in taken.targets], kind, wait)
    return planned


def _worse(step: _Step) -> _Step:
    return _asked_anew(step, "worse")


def _escalated(step: _Step) -> _Step:
    found = step_of(step.plan, step.life.step)
    if step.life.step >= len(step.plan.steps):
        # A repeat, maybe hours later: whoever has the duty now.
        found = step_of(_planned(step).plan, step.life.step) or found
    _tell(step, () if found is None else found.targets, "escalation")
    return step


def _handed_over(step: _Step) -> _Step:
    outbox.withdraw(step.connection, step.row["alert_id"])
    # A person is asked: if they do not come, somebody else must be, silence or not.
    planned = _planned(step, alone=True)
    person = str(step.act.to)
    target = Target(person, "", step.planner.receivers_of(person))
    _tell(planned, [target], "handed_over")
    return planned


def _retracted(step: _Step) -> _Step:
    """Whoever was told hears that it is taken back."""
    _tell(step, outbox.told_of(step.connection, step.row["alert_id"]), "retracted")
    return step


def _annotated(step: _Step) -> _Step:
    act = step.act
    line = {"at": act.at, "by": act.by, "reason": act.reason, "note": act.note}
    step.changed["annotations"] = [*step.row["annotations"], line]
    return step


_CONSEQUENCES: Mapping[Event, Callable[[_Step], _Step]] = {
    "unacknowledge": _asked_anew,
    "wake": _asked_anew,
    "worsen": _worse,
    "escalate": _escalated,
    "hand_over": _handed_over,
    "retract": _retracted,
    "annotate": _annotated,
}


def _tell(
    step: _Step, targets: Sequence[Target], kind: Kind, wait: timedelta = timedelta(0)
) -> None:
    if not targets or (is_quiet(step.plan) and kind not in _TOLD_ANYWAY):
        return
    life = step.life
    telling = Telling(
        *(step.row["alert_id"], life.severity, kind_of(step.row, kind), life.asking, life.step)
    )
    outbox.tell(step.connection, telling, targets, step.act.at + wait)
    step.changed["told_at"] = step.act.at + wait


def release_quiet(connection: Connection, row: RowMapping, now: datetime) -> None:
    """A closed case hides no other any more: those of its patient are looked at again now."""
    if row["patient_id"] is None:
        return
    connection.execute(
        update(CASES)
        .where(
            *(CASES.c.is_open, CASES.c.taken.is_(False)),
            *(CASES.c.facility == row["facility"], CASES.c.patient_id == row["patient_id"]),
            *(CASES.c.quiet, CASES.c.alert_id != row["alert_id"]),
        )
        .values(next_step_at=now)
    )
