"""What Spark's two peers share: the session, the state of a patient, the query to its end.

Here: Structured Streaming over a directory of files, a micro-batch each. Not here: the sink's
format (spark_parquet.py, spark_delta.py).
"""

import logging
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd
from delta import configure_spark_with_delta_pip
from pyspark.sql import SparkSession
from pyspark.sql.streaming.state import GroupState, GroupStateTimeout

from benchmarks.peers.law import Law

PACKAGES = ("pyspark", "delta-spark")
EVENT = "patient string, time long, code string, value double"
ROW = f"{EVENT}, news2 int"
# Lines of one file, which is one micro-batch.
_LINES = 100_000


def start(_out: Path) -> None:
    """The virtual machine, warm before the first run; Delta's jars come from Maven."""
    logging.getLogger("py4j").setLevel(logging.ERROR)
    builder = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "2g")
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config(
            "spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog"
        )
    )
    configure_spark_with_delta_pip(builder).getOrCreate()


def stop() -> None:
    """End the virtual machine."""
    SparkSession.active().stop()


def run(events: Path, law: Law, out: Path, form: str) -> None:
    """Every file a micro-batch, to a table of this format."""
    told = (
        SparkSession.active()
        .readStream.schema(EVENT)
        .option("maxFilesPerTrigger", 1)
        .json(str(_files(events)))
    )
    scored = told.groupBy("patient").applyInPandasWithState(
        partial(_fold, law), ROW, "known string", "append", GroupStateTimeout.NoTimeout
    )
    query = (
        scored.writeStream.format(form)
        .option("checkpointLocation", str(out / "checkpoint"))
        .trigger(availableNow=True)
        .start(str(out / "rows"))
    )
    query.awaitTermination()


def _files(events: Path) -> Path:
    """The file in pieces, in the order of time; made once, by the run that is not counted."""
    place = events.with_name("pieces")
    if place.exists():
        return place
    draft = events.with_name("pieces.part")
    draft.mkdir()
    lines = events.read_bytes().splitlines(keepends=True)
    for first in range(0, len(lines), _LINES):
        piece = draft / f"{first:09}.json"
        piece.write_bytes(b"".join(lines[first : first + _LINES]))
    return draft.rename(place)


def _fold(
    law: Law, _key: tuple[str], frames: Iterable[pd.DataFrame], state: GroupState
) -> Iterator[pd.DataFrame]:
    """One patient's events of a micro-batch; the state is the newest points, in the law's order."""
    places, width = {vital.code: place for place, vital in enumerate(law)}, len(law)
    known: list[int | None] = [None] * width
    if state.exists:
        known = [int(one) if one else None for one in state.get[0].split(",")]
    told = pd.concat(list(frames)).sort_values("time")
    scores = []
    for code, value in zip(told["code"], told["value"], strict=True):
        place = places[code]
        known[place] = law[place].of(value)
        scores.append(None if None in known else sum(filter(None, known)))
    state.update((",".join("" if one is None else str(one) for one in known),))
    yield told.assign(news2=pd.array(scores, "Int32"))
