"""What the quality checks found.

Here: contracts of the checks (append-only, one row per suite and run) and of the rows that failed
the newest one. Not here: the rules and how they are evaluated (orchestration/quality).
"""

import pyarrow as pa

from lakehouse.columns import STRING, UTC, Column
from lakehouse.tables import Table

COUNT = pa.int64()

SUITE = (
    Column("suite", STRING, "Table and family of rules: observations.values.", nullable=False),
    Column("check_number", COUNT, "Place of the check among its suite's, from 1.", nullable=False),
)

QUALITY_CHECKS = Table(
    name="quality_checks",
    zone="quality",
    grain="one check of one suite",
    key=("suite", "check_number"),
    phi="none",
    columns=(
        *SUITE,
        Column("checked_at", UTC, "When.", nullable=False),
        Column("since", STRING, "Cut from which on rows were looked at, as JSON.", nullable=False),
        Column("cut", STRING, "Cut up to which they were, as JSON.", nullable=False),
        Column("rules_version", STRING, "Hash of the rules of the suite.", nullable=False),
        Column("rows", COUNT, "Rows that were looked at.", nullable=False),
        Column("failed", COUNT, "Rules' failures, each row once per rule.", nullable=False),
        Column("failed_by_rule", STRING, "Failures of each rule that has some, as JSON."),
    ),
    partition_by=None,
)
FAILED_ROWS = Table(
    name="failed_rows",
    zone="quality",
    grain="one row that failed one rule at the newest check of its suite",
    key=("suite", "rule", "feed", "partition", "offset", "row"),
    phi="none",
    columns=(
        *SUITE,
        Column("table_name", STRING, "Table of the row.", nullable=False),
        Column("rule", STRING, "The rule.", nullable=False),
        Column("feed", STRING, "Feed of the row; null where it has none."),
        Column("partition", pa.int32(), "Its partition."),
        Column("offset", COUNT, "Its message: a key of raw_messages with feed and partition."),
        Column("row", pa.int32(), "Its row within the message."),
    ),
    partition_by="suite",
)

QUALITY = (QUALITY_CHECKS, FAILED_ROWS)
