"""Scoring measured: signals through the columnar engine, and through the reference beside it.

Here: the same made-up ward through both, every score of the product at every moment. Not here: how
results are shown. Processor time is counted, so that other work on the machine does not.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from benchmarks import ward
from benchmarks.measuring import Place, Run, Watch
from clinical import wire
from clinical.normalise import normalise, signals
from clinical.scoring import reference
from clinical.scoring.engine import Engine
from clinical.scoring.rows import score_rows
from lakehouse.feeds import load_profile
from streaming.batches import Messages, with_provenance

# Messages of a batch, which makes about as many observations as a chunk of a backtest has; and how
# many of them the reference is given: it is slow.
BATCH = 36_000
REFERENCE_MESSAGES = 400


def engine(size: int, _place: Place) -> Iterator[Run]:
    """Observations per second and core: to scores, to stored rows, and by the reference."""
    told = list(_signals(size))
    few = told[0].slice(0, REFERENCE_MESSAGES * ward.OBSERVATIONS)
    count = sum(piece.num_rows for piece in told)
    while True:
        scored, stored = _fold(told, rows=False), _fold(told, rows=True)
        with (plain := Watch()):
            _by_reference(few)
        ours, theirs = count / scored.cpu_seconds, few.num_rows / plain.cpu_seconds
        yield scored.run(
            engine_observations_per_second=ours,
            engine_rows_observations_per_second=count / stored.cpu_seconds,
            reference_observations_per_second=theirs,
            engine_against_reference=ours / theirs,
        )


def _signals(size: int) -> Iterator[pa.Table]:
    """The steady ward, batch by batch."""
    profile = load_profile(ward.FEED)
    raws = list(ward.messages(size, ward.STEADY))
    for first in range(0, size, BATCH):
        raw = pa.array(raws[first : first + BATCH], pa.binary())
        messages = Messages(ward.FEED, 0, first, wire.sent_at(raw, profile), raw)
        facts = normalise(wire.decode(raw, profile), messages.received_at, profile)
        observed = with_provenance(messages, facts["observations"])
        yield signals({"observations": observed}).combine_chunks()


def _fold(told: list[pa.Table], *, rows: bool) -> Watch:
    folding = Engine()
    with (watch := Watch()):
        for piece in told:
            moments = folding.step(piece)
            scored = folding.scores(moments)
            if rows:
                score_rows(moments, scored, piece, "measured")
    return watch


def _by_reference(told: pa.Table) -> None:
    """The same, one message at a time; a message of the ward speaks of one patient."""
    times = {name: told[name].cast(pa.int64()) for name in ("effective_at", "received_at")}
    rows = pa.table({**{n: told[n] for n in told.column_names}, **times}).to_pylist()
    states: dict[str, reference.PatientState] = {}
    for arrival in range(0, len(rows), ward.OBSERVATIONS):
        message = rows[arrival : arrival + ward.OBSERVATIONS]
        known = states.get(message[0]["patient_id"], reference.PatientState())
        heard = [_signal(row, arrival + place) for place, row in enumerate(message)]
        states[message[0]["patient_id"]], _ = reference.step(
            known, heard, message[0]["received_at"]
        )


def _signal(row: dict[str, Any], arrival: int) -> reference.Signal:
    source = tuple(row[name] for name in ("feed", "partition", "offset", "row"))
    told = (row[name] for name in ("concept", "effective_at", "value", "signal_id"))
    return reference.Signal(*told, source, arrival, row["void"])
