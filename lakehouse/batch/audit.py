"""Who read what identifies patients.

Here: the contract of the audit of restricted reads. Not here: who may (the file system says it).
"""

import pyarrow as pa

from lakehouse.columns import STRING, UTC, Column
from lakehouse.tables import Table

RESTRICTED_READS = Table(
    name="restricted_reads",
    zone="audit",
    grain="one read of restricted tables",
    key=("number",),
    phi="none",
    columns=(
        Column("number", pa.int64(), "Place in the audit, from 1.", nullable=False),
        Column("at", UTC, "When.", nullable=False),
        Column("by", STRING, "Account of the operating system.", nullable=False),
        Column(
            "surface", STRING, "What it was read through: sql, connect, explain.", nullable=False
        ),
        Column("tables", pa.list_(STRING), "Restricted tables that were opened.", nullable=False),
        Column("query_sha256", STRING, "SHA-256 of the query's text; null for a connection."),
        Column(
            "previous_sha256",
            STRING,
            "Hash of the entry before, so that none can be taken out unseen.",
        ),
        Column("sha256", STRING, "Hash of this entry with the one before.", nullable=False),
    ),
    partition_by=None,
)

AUDIT = (RESTRICTED_READS,)
