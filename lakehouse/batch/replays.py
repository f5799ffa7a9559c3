"""What running the law again gave.

Here: contracts of replay runs and of what they found. Not here: the replays
(orchestration/replays).
"""

import pyarrow as pa

from lakehouse.columns import STRING, UTC, Column
from lakehouse.tables import Table

REPLAY_RUNS = Table(
    name="replay_runs",
    zone="replays",
    grain="one replay of the stored messages or facts",
    key=("replay_id",),
    phi="none",
    columns=(
        Column("replay_id", STRING, "Identity of the run, quoted as evidence.", nullable=False),
        Column("replay_order", STRING, "arrival or effective.", nullable=False),
        Column("began_at", UTC, "When it began.", nullable=False),
        Column("ended_at", UTC, "When it ended.", nullable=False),
        Column("cut", STRING, "Cut of the lake that was replayed, as JSON.", nullable=False),
        Column("rules_version", STRING, "Version of the rules it ran with.", nullable=False),
        Column("first_received_at", UTC, "Oldest message that was replayed."),
        Column("last_received_at", UTC, "Newest message that was replayed."),
        Column("messages", pa.int64(), "Messages that were replayed.", nullable=False),
        Column("rows", pa.int64(), "Rows that were compared or made.", nullable=False),
        Column(
            "differing", pa.int64(), "Rows that only one side has, or that differ.", nullable=False
        ),
        Column("is_equal", pa.bool_(), "Whether every table is equal row for row."),
        Column("tables", STRING, "Rows and differing rows of each table, as JSON.", nullable=False),
    ),
    partition_by=None,
)

REPLAYS = (REPLAY_RUNS,)
