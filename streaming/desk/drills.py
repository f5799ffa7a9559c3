"""Drills: alerts that are none, to see who answers.

Here: starting one. Not here: its life, which is that of any case; that it is marked everywhere and
counted nowhere is the matter of whoever shows or counts.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection

from clinical.alerts import rank
from clinical.detection.effects import UNIT
from clinical.detection.finding import Severity
from streaming.desk.creating import create
from streaming.desk.planning import Planner

FAMILY: Final = "drill"
TITLE: Final = "Drill: not a real alert"


@dataclass(frozen=True, slots=True)
class Drill:
    """A drill on a unit, and who started it."""

    unit: str
    severity: Severity
    by: str


def start(
    connection: Connection,
    planner: Planner,
    drill: Drill,
    now: datetime,
) -> str:
    """Raise a drill; gives its id."""
    alert_id = f"{FAMILY}-{uuid4().hex}"
    columns = {
        "alert_id": alert_id,
        "episode": None,
        "facility": None,
        "patient_id": None,
        "encounter_id": None,
        "unit": drill.unit,
        "severity": drill.severity,
        "rule": FAMILY,
        "rule_family": FAMILY,
        "band": rank(drill.severity) + 1,
        "title": TITLE,
        "route": UNIT,
        "raised_at": now,
        "drill": True,
        "technical": False,
        "payload": {"by": drill.by},
    }
    create(connection, planner, [columns], now)
    return alert_id
