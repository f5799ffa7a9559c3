"""Hours of the 2019 challenge's stays as the engine sees them.

Here: .psv files through the renderer, the feed and the law, to the value of every input at every
labelled hour, as known then. Not here: what is made of it.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.normalise import signals
from clinical.scoring.grid import grid
from clinical.scoring.validity import MICROSECONDS_PER_HOUR
from orchestration.evaluation.fold import facts_of
from orchestration.evaluation.gathering import Labels
from pulsehouse import backtest_challenge


@dataclass(frozen=True, slots=True)
class StayHours:
    """Hours, one stay after the other: the stay's number, the label, values by input or NaN."""

    number: NDArray[np.int64]
    label: NDArray[np.bool_]
    values: Mapping[str, NDArray[np.float64]]


def read(source: Path, inputs: Sequence[str]) -> StayHours:
    """Every labelled hour of the stays in a directory."""
    with tempfile.TemporaryDirectory(prefix="pulsehouse-derive-") as folder:
        facts = backtest_challenge.facts(source, Path(folder) / "facts", lambda _done, _all: None)
        chunks = sorted(facts.place.glob("chunk-*"))
        parts = [_chunk(facts_of(one), facts.labels, inputs) for one in chunks]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(columns["stay"], kind="stable")
    _, number = np.unique(columns["stay"], return_inverse=True)
    values = {name: columns[name][order] for name in inputs}
    return StayHours(number[order], columns["label"][order], values)


def _chunk(
    facts: Mapping[str, pa.Table], labels: Labels | None, inputs: Sequence[str]
) -> Mapping[str, NDArray[np.generic]]:
    told = signals(facts)
    told = told.take(pa.array(np.argsort(told["message"].to_numpy(), kind="stable")))
    stays = list(_labelled(told, labels))
    points = pa.table(
        {
            "patient_id": [name for name, at, _ in stays for _ in at],
            "at": pa.array(np.concatenate([at for _, at, _ in stays])).cast(_UTC),
        }
    )
    panel = grid(told, points, "as known then").panel
    return {
        "stay": np.array([int(name) for name, at, _ in stays for _ in at]),
        "label": np.concatenate([label for _, _, label in stays]),
        **{name: panel[name].value for name in inputs},
    }


_UTC = pa.timestamp("us", tz="UTC")
_Stay = tuple[str, NDArray[np.int64], NDArray[np.bool_]]


def _labelled(told: pa.Table, labels: Labels | None) -> Iterator[_Stay]:
    """Each stay's hours and labels: hours count from the arrival in intensive care."""
    arrived = told.filter(pc.equal(told["concept"], "icu_admission"))
    begun = arrived["effective_at"].cast(pa.int64()).to_pylist()
    for name, at in zip(arrived["patient_id"].to_pylist(), begun, strict=True):
        if labels and name in labels.stays:
            hour, label = labels.stays[name]
            yield name, at + hour * MICROSECONDS_PER_HOUR, label
