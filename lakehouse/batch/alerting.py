"""What became of alerts: every line of every case's history on the desk.

Here: the contract of `alert_events`. Not here: the desk that writes it (streaming/desk), or the
alerts themselves (lakehouse/tables.py).
"""

import pyarrow as pa

from clinical.alerts.life import EVENTS, SEVERITIES, STATES
from lakehouse.columns import STRING, UTC, Column, one_of
from lakehouse.tables import Table

# The first line of a history is no act on a life.
RAISED = "raise"

ALERT_EVENTS = Table(
    name="alert_events",
    zone="derived",
    grain="one thing that happened to an alert on the desk: raised, told, taken, passed on, closed",
    key=("store", "number"),
    phi="pseudonymous",
    columns=(
        Column(
            "store",
            STRING,
            "The desk's store that numbered it; another after a store was lost.",
            nullable=False,
        ),
        Column(
            "number",
            pa.int64(),
            "Place in that store's history, from 1, without gaps.",
            nullable=False,
        ),
        Column(
            "alert_id",
            STRING,
            "The alert that the case began with, as in `alerts`.",
            nullable=False,
        ),
        Column("at", UTC, "When, by the desk's clock.", nullable=False),
        one_of("event", (RAISED, *EVENTS), "What happened: {}.", nullable=False),
        Column("by", STRING, "Account of who did it; null where the desk itself did."),
        Column("reason", STRING, "Code of the reason, where one was given."),
        Column("to", STRING, "Account that it was handed to."),
        Column("until", UTC, "End of a snooze."),
        one_of("severity", SEVERITIES, "{}: of the case afterwards.", nullable=False),
        one_of("state", STATES, "{}: of the case afterwards.", nullable=False),
        Column("owner", STRING, "Account of who has it afterwards."),
        Column("step", pa.int32(), "Escalations since it last asked anew.", nullable=False),
        Column("unit", STRING, "Unit of the case afterwards."),
        Column("rule_family", STRING, "Rule family; `technical` or `drill` where it is none."),
        Column("drill", pa.bool_(), "Whether it was a drill: not to be counted.", nullable=False),
        Column("technical", pa.bool_(), "Whether it was about the pipes.", nullable=False),
    ),
    partition_by=None,
)

ALERTING = (ALERT_EVENTS,)
