"""The ledgers: what was decided about a nightly job, and about an alert rule in a unit.

Here: their contracts; both are append-only, and the last entry of a line is its state. Not here:
states, gates and who may decide (orchestration/migration).
"""

import pyarrow as pa

from lakehouse.columns import STRING, UTC, Column
from lakehouse.tables import Table

ENTRY = (
    Column("number", pa.int64(), "Place of the entry in its line, from 1.", nullable=False),
    Column(
        "event",
        STRING,
        "What happened: declared, kept, promoted, demoted, held, resumed, rolled_back, attested or "
        "rehearsed; of an alert declared, promoted, silenced, retired or attested.",
        nullable=False,
    ),
    Column("from_state", STRING, "State before; null for the first entry."),
    Column("to_state", STRING, "State after.", nullable=False),
    Column("at", UTC, "When.", nullable=False),
    Column(
        "by", STRING, "Who: a person's account, or the name of the automatic check.", nullable=False
    ),
    Column("reason", STRING, "Why, in words."),
    Column("gate", STRING, "The gate that an attestation is for."),
    Column("evidence", STRING, "Gates as they stood, with evidence ids, as JSON.", nullable=False),
    Column(
        "cut",
        STRING,
        "Cut of the lake, as JSON; the JSON null where a rollback could not read it.",
        nullable=False,
    ),
    Column(
        "delta_versions", STRING, "Version of each table that was there, as JSON.", nullable=False
    ),
    Column("rules_version", STRING, "Version of the rules in force.", nullable=False),
)

JOB_LEDGER = Table(
    name="job_ledger",
    zone="migration",
    grain="one decision about one nightly job",
    key=("job", "number"),
    phi="none",
    columns=(Column("job", STRING, "The nightly job.", nullable=False), *ENTRY),
    partition_by=None,
)
ALERT_LEDGER = Table(
    name="alert_ledger",
    zone="migration",
    grain="one decision about one alert rule in one unit",
    key=("rule", "unit", "number"),
    phi="none",
    columns=(
        Column("rule", STRING, "Rule family of the alert.", nullable=False),
        Column(
            "unit",
            STRING,
            "Point of care; * for every unit without a line of its own.",
            nullable=False,
        ),
        *ENTRY,
    ),
    partition_by=None,
)

MIGRATION = (JOB_LEDGER, ALERT_LEDGER)
