"""A case follows its patient to another unit.

Here: the move, and whom the new unit's routes ask. Not here: noticing that a patient has moved
(evaluating/).
"""

from datetime import datetime

from sqlalchemy import Connection

from clinical.alerts import Act
from streaming.desk.acting import act_on
from streaming.desk.case_rows import Acted
from streaming.desk.planning import Planner


def move(
    connection: Connection, planner: Planner, alert_id: str, unit: str, now: datetime
) -> Acted:
    """Put a case on another unit; an untaken one asks by the plan of that unit from now on."""
    act = Act("annotate", now, reason="moved", note=f"moved to {unit}")
    return act_on(connection, planner, alert_id, act, changed={"unit": unit}, anew=True)
