"""The whole path: a file to committed rows with scores and alerts.

Here: HL7 and FHIR end to end. Not here: its stages one by one (stages.py), or how long a single
message takes (latency.py).
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from benchmarks import ndjson, ward
from benchmarks.measuring import Place, Run, Watch, peak_mib
from clinical.wire.profile import FeedProfile
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from streaming.replay import Outcome, replay

# Messages before the first run: imports and the unit registry are no part of a rate.
FEW = 100


def end_to_end(size: int, place: Place) -> Iterator[Run]:
    """Observations per second from a file to committed rows with scores and alerts."""
    profile, file = load_profile(ward.FEED), ward.steady(place.shared, size)
    few = ward.write(place.own / "few.hl7", FEW, ward.STEADY)
    for number in count():
        lake = place.own / f"lake-{number}"
        watch, outcome = _replayed(lake, profile, file if number else few)
        yield watch.run(
            end_to_end_observations_per_second=outcome.rows["observations"] / watch.seconds,
            end_to_end_score_rows=outcome.rows["scores"],
            end_to_end_mib_read_per_second=file.stat().st_size / 2**20 / watch.seconds,
            peak_memory_mib=peak_mib(),
        )


def fhir(size: int, place: Place) -> Iterator[Run]:
    """Resources per second from NDJSON to committed rows with scores and alerts."""
    file = ndjson.fhir_file(place.own / "observations.ndjson", size)
    few = ndjson.fhir_file(place.own / "few.ndjson", FEW)
    for number in count():
        watch, _ = _replayed(place.own / f"lake-{number}", ndjson.PROFILE, file if number else few)
        yield watch.run(fhir_end_to_end_resources_per_second=size / watch.seconds)


def _replayed(lake: Path, profile: FeedProfile, file: Path) -> tuple[Watch, Outcome]:
    with (watch := Watch()):
        outcome = replay(Lake.open(lake, create=True), profile, [file])
    return watch, outcome
