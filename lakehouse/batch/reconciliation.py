"""What came of holding the nightly jobs against the stream.

Here: contracts of the nights (append-only evidence, one row per comparison) and of the differences,
one table per job. Not here: how rows are compared and classified (orchestration/reconciliation).
"""

import pyarrow as pa

from lakehouse.columns import DOUBLE, STRING, UTC, Column
from lakehouse.tables import Table

MATCHED = "matched"
# A difference with one of these causes is explained; the others count against the job.
EXPLAINED = ("late", "corrected", "retracted", "identity")
UNEXPLAINED = ("unit", "mapping", "missing_in_stream", "missing_in_legacy", "value")
CLASSES = (MATCHED, *EXPLAINED, *UNEXPLAINED)

COUNT = pa.int64()

NIGHTS = Table(
    name="nights",
    zone="reconciliation",
    grain="one comparison of one job's night; the newest of a night counts",
    key=("job", "night", "compared_at"),
    phi="none",
    columns=(
        Column(
            "evidence_id",
            STRING,
            "Identity of this comparison, quoted by the ledger.",
            nullable=False,
        ),
        Column("job", STRING, "The nightly job.", nullable=False),
        Column("night", pa.date32(), "Day on which the job ran.", nullable=False),
        Column("compared_at", UTC, "When it was compared.", nullable=False),
        Column(
            "cutoff_at",
            UTC,
            "What was received up to here the job could have known.",
            nullable=False,
        ),
        Column("cut", STRING, "Cut of the lake that was read, as JSON.", nullable=False),
        Column("rules_version", STRING, "Version of the rules that were in force.", nullable=False),
        Column("legacy_rows", COUNT, "Rows of the job's night.", nullable=False),
        Column("stream_rows", COUNT, "Rows that the stream has for it.", nullable=False),
        Column(
            "legacy_repeated",
            COUNT,
            "Keys that the job's night has more than once, or that are null.",
            nullable=False,
        ),
        Column(
            "stream_repeated",
            COUNT,
            "Keys that the stream has more than once, or that are null.",
            nullable=False,
        ),
        *(Column(name, COUNT, f"Keys of the class {name}.", nullable=False) for name in CLASSES),
        Column(
            "unexplained",
            COUNT,
            f"Keys of a class without a cause: {', '.join(UNEXPLAINED)}.",
            nullable=False,
        ),
        Column(
            "wrong_patients",
            COUNT,
            "Keys that one side has of another patient, and no merge explains.",
            nullable=False,
        ),
        Column(
            "match_share",
            DOUBLE,
            "Share of keys that match or are explained; null where there is no key.",
            nullable=True,
        ),
        Column("seconds", DOUBLE, "How long the comparison took.", nullable=False),
    ),
    partition_by=None,
)


def differences_of(job: str) -> Table:
    """The contract of one job's differences; matched keys are counted in `nights`, not stored."""
    return Table(
        name=f"differences_{job}",
        zone="reconciliation",
        grain="one key of one night that differs, with its one class",
        key=("night", "number"),
        phi="pseudonymous",
        columns=DIFFERENCE,
        partition_by="night",
    )


DIFFERENCE = (
    Column("night", pa.date32(), "Day on which the job ran; the partition column.", nullable=False),
    Column("number", COUNT, "Place of the difference in its night, from 1.", nullable=False),
    Column("evidence_id", STRING, "The comparison that found it.", nullable=False),
    Column("class", STRING, f"One of {', '.join(CLASSES[1:])}.", nullable=False),
    Column("is_explained", pa.bool_(), "Whether the class has a cause.", nullable=False),
    Column(
        "is_wrong_patient",
        pa.bool_(),
        "Whether the other side has this fact of another patient, and no merge joins the two.",
        nullable=False,
    ),
    Column("reason", STRING, "In a few words what decided the class; no patient value."),
    Column("patient_id", STRING, "Patient of the key."),
    Column("encounter_id", STRING, "Visit, where one side names it."),
    Column("business_key", STRING, "The key's columns and values, as JSON."),
    Column("column", STRING, "First compared column that differs; null where one side is missing."),
    Column(
        "legacy_value",
        STRING,
        "What the job has there, as text; of a row that it alone has, the first compared column.",
    ),
    Column("stream_value", STRING, "The same of the stream."),
    Column("legacy_source", STRING, "File or table of the job's row."),
    Column("legacy_line", COUNT, "The row's place in it: (night, line) of the legacy table."),
    Column("feed", STRING, "Feed of the stream's row."),
    Column("partition", pa.int32(), "Its partition."),
    Column("offset", COUNT, "Its message: a key of raw_messages with feed and partition."),
    Column("row", pa.int32(), "Its row within the message."),
    Column("cause_feed", STRING, "Feed of the message that explains the difference."),
    Column("cause_partition", pa.int32(), "Its partition."),
    Column("cause_offset", COUNT, "The correction, retraction, merge or late message itself."),
    Column("cause_at", UTC, "When that message was received."),
)

RECONCILED_JOBS = ("census", "vitals", "labs", "active_medications")
DIFFERENCES = {job: differences_of(job) for job in RECONCILED_JOBS}

RECONCILIATION = (NIGHTS, *DIFFERENCES.values())
