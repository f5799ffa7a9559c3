"""What running the law again gave.

Here: contracts of replay runs, of what they found to differ, of the record of truth, and of how
late the stream knew it. Not here: the replays (orchestration/replays).
"""

from dataclasses import replace

import pyarrow as pa

from lakehouse.columns import PROVENANCE, STRING, UTC, Column
from lakehouse.tables import ALERTS, SCORES, Table

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
        Column(
            "is_equal",
            pa.bool_(),
            "Whether every table is equal row for row; null where other rules made a stored row, "
            "or nothing was compared.",
        ),
        Column("tables", STRING, "Rows and differing rows of each table, as JSON.", nullable=False),
        Column(
            "other_rules",
            STRING,
            "Versions of other rules that stored rows were made by, each with its number of rows "
            "and of differing rows, as JSON.",
            nullable=False,
        ),
        Column("verdict", STRING, "What came of it, in words.", nullable=False),
    ),
    partition_by=None,
)

REPLAY_DIFFERENCES = Table(
    name="replay_differences",
    zone="replays",
    grain="one row that differs between the stream and a replay; the first so many of a run",
    key=("replay_id", "number"),
    phi="pseudonymous",
    columns=(
        Column("replay_id", STRING, "The run that found it.", nullable=False),
        Column("number", pa.int64(), "Place among the run's differences, from 1.", nullable=False),
        Column("table_name", STRING, "The table.", nullable=False),
        Column(
            "side",
            STRING,
            "stream or replay: only there; both: there and different; repeated: more often on one "
            "side.",
            nullable=False,
        ),
        Column("key", STRING, "The contract's key, as JSON.", nullable=False),
        *(
            replace(column, nullable=True)
            for column in PROVENANCE
            if column.name in {"feed", "partition", "offset", "row"}
        ),
        Column("columns", pa.list_(STRING), "Columns that differ, where both sides have the row."),
        Column("rules_version", STRING, "Rules that made the stored row; null for facts."),
    ),
    partition_by=None,
)

# Of the stream's columns: a row of record has no place of its own within a message, and its times
# are those of truth.
_RETIMED = {
    "received_at": Column("true_at", UTC, "When it was true of the patient (UTC).", nullable=False),
    "received_date": Column(
        "true_date", pa.date32(), "UTC date of true_at; the partition column.", nullable=False
    ),
}


def _of_record(table: Table, grain: str, key: tuple[str, ...]) -> Table:
    """The contract of what a table would hold, had everything been known when it was true."""
    columns = (_RETIMED.get(c.name, c) for c in table.columns if c.name != "row")
    return Table(
        name=f"{table.name}_of_record",
        zone="replays",
        grain=grain,
        key=key,
        phi=table.phi,
        columns=tuple(columns),
        partition_by="true_date",
    )


SCORES_OF_RECORD = _of_record(
    SCORES,
    "one score variant of one patient at one moment at which an input truly changed",
    ("facility", "patient_id", "score", "variant", "true_at"),
)
ALERTS_OF_RECORD = _of_record(
    ALERTS,
    "one alert as it would have been raised or suppressed, had everything been known when true",
    ("facility", "patient_id", "rule_family", "suppressed_by", "true_at"),
)

CAUSES = (
    "documentation_lag",
    "late",
    "corrected",
    "retracted",
    "merged",
    "superseded",
    "none",
)

LATENESS = Table(
    name="lateness",
    zone="replays",
    grain="one rise of one score or rule family of one patient, in truth or in the stream alone",
    key=("facility", "patient_id", "subject", "variant", "kind", "true_at", "band"),
    phi="pseudonymous",
    columns=(
        Column("replay_id", STRING, "The replay in effective order behind it.", nullable=False),
        Column("facility", STRING, "Assigning authority of the patient identifier."),
        Column("patient_id", STRING, "The surviving patient identifier.", nullable=False),
        Column("unit", STRING, "Point of care at that moment, as it truly was."),
        Column("subject", STRING, "Score, or rule family of an alert.", nullable=False),
        Column("variant", STRING, "Variant of the score; empty for an alert.", nullable=False),
        Column("band", pa.int16(), "Rank of severity that was reached.", nullable=False),
        Column(
            "kind",
            STRING,
            "known: the stream came to it; never: it was not seen in the stream; untrue: the "
            "stream reached a band that truth did not.",
            nullable=False,
        ),
        Column(
            "true_at",
            UTC,
            "When truth reached the band; of an untrue rise, the clinical time it was held to "
            "have.",
            nullable=False,
        ),
        Column("known_at", UTC, "When the stream reached the band; null where it never did."),
        Column(
            "ended_at", UTC, "When the stream left an untrue band again; null where it did not."
        ),
        Column(
            "minutes",
            pa.float64(),
            "From true_at to known_at; of an untrue rise, from known_at to ended_at.",
        ),
        Column("cause", STRING, f"One of {', '.join(CAUSES)}.", nullable=False),
        Column("feed", STRING, "Feed of the fact that decided the cause."),
        Column("partition", pa.int32(), "Its partition."),
        Column("offset", pa.int64(), "Its message."),
        Column("row", pa.int32(), "Its row within the message."),
    ),
    partition_by=None,
)

REPLAYS = (REPLAY_RUNS, REPLAY_DIFFERENCES, SCORES_OF_RECORD, ALERTS_OF_RECORD, LATENESS)
