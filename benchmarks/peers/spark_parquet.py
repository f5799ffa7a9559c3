"""Spark Structured Streaming into a Parquet table.

Here: the stream job's sink. Not here: the rest of it (spark.py).
"""

from pathlib import Path

from benchmarks.peers import spark
from benchmarks.peers.law import Law
from benchmarks.peers.spark import PACKAGES, start, stop

__all__ = ["PACKAGES", "start", "stop", "stream"]


def stream(events: Path, law: Law, out: Path) -> None:
    """Events to a table."""
    spark.run(events, law, out, "parquet")
