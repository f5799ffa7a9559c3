"""The peers: what each is called, where it is installed, and what it does not do.

Here: one line a peer, for the run and the page. Not here: what a peer does (a module each).
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["ours", "stream", "file", "library"]


@dataclass(frozen=True, slots=True)
class Peer:
    """One peer at one job.

    Args:
        module: Its module in this package.
        label: What the page calls it.
        kind: Ours, a stream, a job over the whole file, or a library that is called.
        lacks: What it does not do that the product does, or what else must be known of it.
        environment: Its file in `requirements/`; None: the project's own environment.
        share: The share of the input that it is given: a slow one gets less.
    """

    module: str
    label: str
    kind: Kind
    lacks: str
    environment: str | None = None
    share: float = 1.0


STREAM = (
    Peer(
        "ours",
        "Pulsehouse",
        "ours",
        "NEWS2 alone: no alerts, no other scores. Delta, exactly-once, fsync",
    ),
    Peer(
        "bytewax_item",
        "Bytewax, one item an event",
        "stream",
        "no corrections, no exactly-once, no fsync; Parquet",
    ),
    Peer(
        "bytewax_batch",
        "Bytewax over batches, Polars",
        "stream",
        "no corrections, no exactly-once, no fsync; Parquet",
        "polars",
    ),
    Peer(
        "pathway_stream",
        "Pathway",
        "stream",
        "no corrections, no exactly-once, no fsync; its sink writes JSON lines, not Parquet",
        "pathway",
    ),
    Peer(
        "spark_parquet",
        "Spark Structured Streaming, Parquet",
        "stream",
        "no corrections, no fsync; state by applyInPandasWithState; exactly-once files",
        "spark",
    ),
    Peer(
        "spark_delta",
        "Spark Structured Streaming, Delta",
        "stream",
        "no corrections, no fsync; state by applyInPandasWithState; exactly-once commits",
        "spark",
    ),
    Peer(
        "flink_sql",
        "Flink SQL (PyFlink)",
        "stream",
        "no corrections, no fsync, no checkpoints here; its sink writes JSON lines, not Parquet",
        "flink",
    ),
    Peer(
        "python_loop",
        "Python loop",
        "file",
        "no corrections, no exactly-once, no fsync, no restart; Parquet",
    ),
    Peer(
        "polars_file",
        "Polars over the whole file",
        "file",
        "the 2 am job: no stream, no state between runs, no fsync; Parquet",
        "polars",
    ),
    Peer(
        "duckdb_file",
        "DuckDB over the whole file",
        "file",
        "the 2 am job: no stream, no state between runs, no fsync; Parquet",
    ),
)
_BARE = "no escapes, encodings, dispositions or other segments: only the job's five columns"
DECODE = (
    Peer("decode_ours", "Pulsehouse", "ours", "every segment and field that it knows, all checked"),
    Peer("decode_split", "Python, split", "library", _BARE),
    Peer("decode_python_hl7", "python-hl7", "library", "no types, no times", "hl7", 0.1),
    Peer("decode_hl7apy", "hl7apy", "library", "validation is off", "hl7", 0.01),
    Peer("decode_pyarrow", "PyArrow, split and explode", "library", _BARE),
    Peer("decode_polars", "Polars, split and explode", "library", _BARE, "polars"),
    Peer("decode_duckdb", "DuckDB, string_split", "library", _BARE),
)
