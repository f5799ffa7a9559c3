"""The desk's clock at work: what falls due because nobody did anything.

Here: escalations, ends of snoozes, and another look at what was kept quiet. Not here: when each is
due (clinical/alerts), or who is told then (clinical/routing).

Several workers may tick at once: each takes other cases, and looks at a case again under its lock,
so that what somebody took a moment ago is left alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Connection, Engine, RowMapping, select, update

from clinical.alerts import Act, escalates
from streaming.desk.acting import act_on, next_look_at
from streaming.desk.case_rows import life_of
from streaming.desk.metrics import ESCALATION_LATE_SECONDS
from streaming.desk.planning import Planner, subject_of
from streaming.desk.plans import is_quiet, plan_columns, plan_of
from streaming.desk.store.counting import changing
from streaming.desk.store.models import CASES
from streaming.desk.store.writing import reading

# In one transaction: whoever acts on one of these waits for it.
BATCH: Final = 50
NO_LONGER_QUIET: Final = "asked"


@dataclass(frozen=True, slots=True)
class Ticker:
    """Looks after the cases of one store."""

    engine: Engine
    planner: Planner

    def tick(self, now: datetime) -> int:
        """Do everything that is due; gives how many cases it was."""
        done = 0
        while found := self._some(now):
            done += found
            if found < BATCH:
                break
        return done

    def next_at(self) -> datetime | None:
        """When something falls due next."""
        wanted = (CASES.c.is_open, CASES.c.next_step_at.is_not(None))
        first = select(CASES.c.next_step_at).where(*wanted).order_by(CASES.c.next_step_at).limit(1)
        with reading(self.engine) as connection:
            return cast("datetime | None", connection.execute(first).scalars().first())

    def _some(self, now: datetime) -> int:
        due = (CASES.c.is_open, CASES.c.next_step_at <= now)
        wanted = select(CASES).where(*due).order_by(CASES.c.rank.desc(), CASES.c.next_step_at)
        with reading(self.engine) as connection:
            if connection.execute(wanted.limit(1)).first() is None:
                return 0
        with changing(self.engine) as connection:
            locked = wanted.limit(BATCH).with_for_update(skip_locked=True)
            rows = connection.execute(locked).mappings().all()
            for row in rows:
                self._look(connection, row, now)
            return len(rows)

    def _look(self, connection: Connection, row: RowMapping, now: datetime) -> None:
        life, plan, case = life_of(row), plan_of(row["plan"]), row["alert_id"]
        if life.state == "snoozed":
            act_on(connection, self.planner, case, Act("wake", now))
        elif is_quiet(plan) and not life.is_taken:
            self._look_again(connection, row, now)
        elif escalates(life, plan.chain, now, plan.repeat):
            ESCALATION_LATE_SECONDS.observe((now - row["next_step_at"]).total_seconds())
            act_on(connection, self.planner, case, Act("escalate", now))
        else:
            # The clock was wrong about it: without this it would be looked at for ever.
            _put_off(connection, case, {"next_step_at": next_look_at(life, plan, now)})

    def _look_again(self, connection: Connection, row: RowMapping, now: datetime) -> None:
        """Whether it is still kept quiet; if not, it asks as if it had just been raised."""
        subject = subject_of(cast("dict[str, Any]", row))
        (plan,) = self.planner.plans(connection, [subject], now)
        if not is_quiet(plan):
            act = Act("annotate", now, reason=NO_LONGER_QUIET)
            act_on(connection, self.planner, row["alert_id"], act, anew=True)
            return
        columns = plan_columns(plan) | {"next_step_at": next_look_at(life_of(row), plan, now)}
        _put_off(connection, row["alert_id"], columns)


def _put_off(connection: Connection, alert_id: str, columns: dict[str, Any]) -> None:
    connection.execute(update(CASES).where(CASES.c.alert_id == alert_id).values(columns))
