"""Pathway: its streaming reader, state by a stateful reducer, rows to JSON lines.

Here: the stream job. A patient's row is recomputed with every batch of events: the reducer gives
the scores of that batch, which are flattened; the sink writes JSON lines, without fsync, and takes
the rows of the batch before back. Not here: persistence, which is off.
"""

import json
from pathlib import Path
from typing import Any

import pathway as pw

from benchmarks.peers.law import Law

PACKAGES = ("pathway",)
Rows = list[tuple[list[Any], int]]


class _Event(pw.Schema):
    patient: str
    time: int
    code: str
    value: float


def stream(events: Path, law: Law, out: Path) -> None:
    """Events to a file of rows."""
    pw.internals.parse_graph.G.clear()
    told = pw.io.jsonlines.read(str(events), schema=_Event, mode="static")
    fold = pw.reducers.stateful_many(_folding(law))
    states = told.groupby(pw.this.patient).reduce(
        pw.this.patient, state=fold(pw.this.time, pw.this.code, pw.this.value)
    )
    rows = states.select(
        pw.this.patient, row=pw.apply_with_type(_told, tuple[str, ...], pw.this.state)
    ).flatten(pw.this.row)
    pw.io.jsonlines.write(rows, str(out / "rows.jsonl"))
    pw.run(monitoring_level=pw.MonitoringLevel.NONE)


def _folding(law: Law):  # noqa: ANN202 as the reducer has it
    places = {vital.code: place for place, vital in enumerate(law)}

    def fold(state: str | None, rows: Rows) -> str:
        known = [None] * len(law) if state is None else json.loads(state)[0]
        found = []
        for (time, code, value), _ in sorted(rows):
            place = places[code]
            known[place] = law[place].of(value)
            score = None if None in known else sum(known)
            found.append((time, code, value, score))
        return json.dumps((known, found))

    return fold


def _told(state: str) -> tuple[str, ...]:
    return tuple(json.dumps(row) for row in json.loads(state)[1])
