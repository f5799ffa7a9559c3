"""Latency: from a message being readable to its alert stored, and to its rows being seen.

Here: a file at the pace of its own clock, through the dataflow as a live feed has it, alerts first.
Not here: how long the gateway takes to acknowledge (gateway.py). A message counts from the moment
it was due, so that a flow that falls behind cannot hide it.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks import ward
from benchmarks.measuring import Measure, Place, Run, Watch, quantile_ms
from clinical.detection.batch_clock import BatchClock
from clinical.detection.shard import Shard
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from lakehouse.tables import ALERTS, RAW_MESSAGES
from streaming.admission import Admission
from streaming.allocation import leave_alone_what_lasts
from streaming.dataflow import clinical_flow
from streaming.epochs import Epoch
from streaming.files import FileSource, Reading
from streaming.pace import Pace
from streaming.replay import Options, run_to_end
from streaming.sink import LakeSink
from streaming.writer import Terms, Writer

PROFILE = load_profile(ward.FEED)
PARTITION = 1
# Open encounters, of whom one in five falls ill while it is measured.
PATIENTS, ILL = 5_000, 0.2
# The first moments of a flow, in which its steps are opened, are not counted.
OPENING_SECONDS = 1.0
SHORT_EPOCH = timedelta(seconds=0.2)
Waits = NDArray[np.float64]


class _Clock:
    """When messages were due, and when what came of them was there."""

    def __init__(self, opening: float) -> None:
        self._opening, self._began = opening, np.inf
        self._alerts: list[tuple[float, Waits]] = []
        self._rows: list[tuple[float, Waits]] = []

    def released(self, reading: Reading) -> None:
        # A batch is never released before it is due: the promptest says when the pace began.
        if reading.clock is not None:
            due = float(_due(pa.array([reading.clock]))[0])
            self._began = min(self._began, perf_counter() - due)

    def alerted(self, epoch: Epoch) -> None:
        self._alerts.append((perf_counter(), _due(epoch.tables[ALERTS.name]["raised_at"])))

    def committed(self, epoch: Epoch) -> None:
        self._rows.append((perf_counter(), _due(epoch.tables[RAW_MESSAGES.name]["received_at"])))

    def alert_waits(self) -> Waits:
        return self._waits(self._alerts)

    def row_waits(self) -> Waits:
        return self._waits(self._rows)

    def _waits(self, told: list[tuple[float, Waits]]) -> Waits:
        parts = [at - self._began - due[due > self._opening] for at, due in told]
        return np.concatenate(parts) if parts else np.empty(0)


def _due(moments: pa.ChunkedArray | pa.Array) -> Waits:
    begins = int(ward.BEGINS.timestamp() * 1_000_000)
    return (moments.cast(pa.int64()).to_numpy() - begins) / 1e6


def _at(rate: int, epoch: timedelta, suffix: str) -> Measure:
    """The case at one rate; `suffix` tells its figures from those of other rates."""

    def measure(size: int, place: Place) -> Iterator[Run]:
        kept = ward.Ward(min(PATIENTS, size), timedelta(seconds=1 / rate), ILL, falling=True)
        warm = ward.write(place.own / "warm.hl7", max(size // 10, 1), kept)
        file = ward.write(place.own / "paced.hl7", size, kept)
        for number in count():
            lake = Lake.open(place.own / f"lake-{number}", create=True)
            clock = _Clock(min(OPENING_SECONDS, size / rate / 2))
            yield _paced(lake, file if number else warm, epoch, suffix, clock)

    return measure


def _paced(lake: Lake, file: Path, epoch: timedelta, suffix: str, clock: _Clock) -> Run:
    watch = Watch()
    leave_alone_what_lasts()
    with watch:
        _flow(lake, file, epoch, clock)
    alerts, rows = clock.alert_waits(), clock.row_waits()
    told: dict[str, float] = {f"alert_latency_alerts{suffix}": len(alerts)}
    for name, waits in (("alert_latency", alerts), ("visible", rows)):
        if len(waits):
            told[f"{name}_p50_ms{suffix}"] = quantile_ms(waits, 0.5)
            told[f"{name}_p99_ms{suffix}"] = quantile_ms(waits, 0.99)
    return watch.run(**told)


def _flow(lake: Lake, file: Path, epoch: timedelta, clock: _Clock) -> None:
    source = FileSource(
        file,
        PROFILE,
        PARTITION,
        0,
        0,
        Options().batch,
        pace=Pace(1.0),
        reading=Reading(0, tick=clock.released),
    )
    with Writer(lake, clock.committed, Terms(alerted=clock.alerted)) as writer:
        flow = clinical_flow(
            source,
            LakeSink(writer, [(PROFILE.name, PARTITION)], alerts_first=True),
            profiles={PROFILE.name: PROFILE},
            open_admission=lambda _: Admission(PROFILE.format),
            open_shard=lambda _: Shard(BatchClock()),
        )
        run_to_end(flow, epoch)
        writer.finish()


_long = partial(_at, epoch=timedelta(seconds=1))
at_1000, at_5000 = _long(1_000, suffix=""), _long(5_000, suffix="_at_5000")
at_20000, at_50000 = _long(20_000, suffix="_at_20000"), _long(50_000, suffix="_at_50000")
short_epochs = _at(20_000, SHORT_EPOCH, "_at_20000_epoch_200ms")
