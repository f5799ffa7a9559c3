"""A plain loop in Python: orjson, a dictionary of patients, Parquet by PyArrow.

Here: the stream job. Not here: any framework.
"""

from collections import defaultdict
from pathlib import Path

import orjson

from benchmarks.peers.law import Law, Rolling
from benchmarks.peers.parquet import Rows

PACKAGES = ("orjson", "pyarrow")


def stream(events: Path, law: Law, out: Path) -> None:
    """Every event in turn."""
    vitals, needed = {vital.code: vital for vital in law}, len(law)
    charts: dict[str, Rolling] = defaultdict(Rolling)
    with events.open("rb") as lines, Rows(out) as rows:
        for line in lines:
            event = orjson.loads(line)
            patient, code, value = event["patient"], event["code"], event["value"]
            score = charts[patient].step(vitals[code], value, needed)
            rows.add((patient, event["time"], code, value, score))
