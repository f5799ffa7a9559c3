"""The evidence that comparisons leave: one row per comparison of a night, never changed.

Here: a night's comparison as a value, appending it, and reading the newest of a night. Not here:
comparing (comparing.py), or what follows from it (orchestration/migration).

Two comparisons of one night that end together both append: each has a number of its own in the
night's line, and whoever comes second looks at the other's cut before appending.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime

import pyarrow as pa

from lakehouse import delta_log
from lakehouse.batch.reconciliation import CLASSES, NIGHTS, UNEXPLAINED
from lakehouse.batch_reading import read_batch
from lakehouse.cuts import Cut
from lakehouse.errors import LedgerMovedError
from lakehouse.lake import Lake
from lakehouse.ledgers import append_entry
from orchestration.reconciliation.errors import CutBackwardsError

ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Night:
    """One comparison of one job's night: the columns of the contract `nights`."""

    evidence_id: str
    job: str
    night: date
    compared_at: datetime
    cutoff_at: datetime
    cut: str
    rules_version: str
    legacy_rows: int
    stream_rows: int
    legacy_repeated: int
    stream_repeated: int
    matched: int
    late: int
    corrected: int
    retracted: int
    identity: int
    unit: int
    mapping: int
    missing_in_stream: int
    missing_in_legacy: int
    value: int
    unexplained: int
    wrong_patients: int
    match_share: float | None
    seconds: float

    @property
    def classes(self) -> dict[str, int]:
        """Keys per class, in the order of the contract."""
        return {name: getattr(self, name) for name in CLASSES}

    @property
    def repeated(self) -> int:
        """Keys that either side has more than once, or that are null."""
        return self.legacy_repeated + self.stream_repeated

    @property
    def at(self) -> Cut:
        """The cut of the lake that was read."""
        return Cut.from_json(json.loads(self.cut))


def newest_nights(lake: Lake, job: str) -> list[Night]:
    """The newest comparison of each night of a job, by night."""
    rows = read_batch(lake, NIGHTS, order=("night", "compared_at")).to_pylist()
    found = {row["night"]: Night(**row) for row in rows if row["job"] == job}
    return list(found.values())


def newest_night(lake: Lake, job: str, night: date) -> Night | None:
    """The newest comparison of one night, if there is one."""
    return next((one for one in newest_nights(lake, job) if one.night == night), None)


def append_night(lake: Lake, night: Night, *, backwards: bool) -> None:
    """Append one comparison.

    Raises:
        CutBackwardsError: A comparison at a newer cut came first, and `backwards` is not allowed.
        AppendError: It could not be stored.
    """
    row = pa.Table.from_pylist([asdict(night)], NIGHTS.schema)
    line = f"{night.job}/{night.night}"
    for attempt in range(1, ATTEMPTS + 1):
        refuse_older_cut(lake, night.job, night.night, night.at, backwards=backwards)
        number = _reached(lake, line) + 1
        try:
            append_entry(lake, NIGHTS, line, number, row)
        except LedgerMovedError:
            if attempt == ATTEMPTS:
                raise
        else:
            return


def refuse_older_cut(lake: Lake, job: str, night: date, at: Cut, *, backwards: bool) -> None:
    """See that a cut is not older than that of the night's newest comparison.

    Raises:
        CutBackwardsError: It is, and nobody asked for that.
    """
    known = None if backwards else newest_night(lake, job, night)
    if known is None:
        return
    behind = [place for place, reached in known.at.items() if at.get(place, -1) < reached]
    if behind:
        feeds = ", ".join(f"{feed}/{partition}" for feed, partition in behind)
        msg = (
            f"the cut is older in {feeds} than that of comparison {known.evidence_id} of {job},"
            f" night {night}: what was known has not become unknown; compare at the newest cut,"
            " or ask for the older one (backwards)"
        )
        raise CutBackwardsError(msg)


def unexplained(classes: dict[str, int]) -> int:
    """Keys of a class without a cause."""
    return sum(classes[name] for name in UNEXPLAINED)


def _reached(lake: Lake, line: str) -> int:
    path = lake.path(NIGHTS)
    return delta_log.transactions(path).get(line, 0) if lake.has(NIGHTS) else 0
