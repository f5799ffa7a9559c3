"""Mending a damaged lake.

Here: a plan carried out under the dataflow's lock, in an order in which it may break off anywhere
and be begun anew. Not here: the plan (planning.py), or how an inbox takes messages back.

The order: messages first go back into their inbox, then `raw_messages` goes back, then the tables.
While a table is damaged the lake does not open, so that no stream can start at a cut which that
table does not reach.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

import pyarrow as pa

from lakehouse import delta_log
from lakehouse.alarms import raise_alarm
from lakehouse.doctor.marker import mend_marker, refuse_other_version
from lakehouse.doctor.messages import messages
from lakehouse.doctor.moving import make_folder, move
from lakehouse.doctor.planning import Aside, Gap, Plan, plan
from lakehouse.errors import LakeLockedError
from lakehouse.lake import Lake
from lakehouse.lock import attempt, exclusive
from lakehouse.losses import record_losses
from lakehouse.maintenance import checkpoint
from lakehouse.tables import RAW_MESSAGES

# In the name of a checkpoint, and of the hint to it.
CHECKPOINT = "checkpoint"
# First and last offset.
Run = tuple[int, int]
Source = Literal["journal", "broker", "file"]


class Giver(Protocol):
    """What gives messages to the dataflow, as far as a repair has to know it."""

    def source(self, partition: int) -> Source:
        """Where messages of such a partition come from."""

    def lacks(self, gap: Gap) -> list[Run]:
        """The offsets of a gap that the journal cannot give."""

    def put_back(self, gap: Gap, rows: pa.Table) -> None:
        """Store messages under their own offsets; those that are there stay as they are."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a repair did; `lost` are offsets that nothing can give any more."""

    plan: Plan
    folder: Path | None = None
    files: int = 0
    put_back: int = 0
    lost: tuple[Gap, ...] = ()
    marker: str | None = None


def repair(root: Path, giver: Giver, now: datetime) -> Outcome:
    """Mend a lake; nothing is deleted, and a lake without damage is left as it is.

    Args:
        root: The lake's directory.
        giver: What gives messages to the dataflow.
        now: When, for the folder's name and the ledgers.

    Raises:
        LakeNotFoundError: There is no lake.
        LakeVersionError: A newer release wrote it.
        LakeLockedError: A dataflow runs, or a table is being compacted.
        AppendError: A loss could not be recorded; repair again.
    """
    os.umask(0o077)
    lake = Lake(root.absolute())
    refuse_other_version(lake.root)
    with exclusive(lake):
        folder: Path | None = None
        marker = mend_marker(lake.root, now)
        found = plan(lake.root)
        if not found.asides and marker is None:
            return Outcome(found)
        if found.asides:
            folder = make_folder(lake.root, now)
        outcome = _carry_out(lake, folder, found, giver, now)
        return replace(outcome, marker=marker)


# What `pulsehouse up` does by itself before it starts a stream.
repair_tail = repair


def _carry_out(
    lake: Lake, folder: Path | None, found: Plan, giver: Giver, now: datetime
) -> Outcome:
    if folder is None:
        return Outcome(found)
    with _uncompacted(lake, found):
        return _mend(lake, folder, found, giver, now)


@contextmanager
def _uncompacted(lake: Lake, found: Plan) -> Iterator[None]:
    """Keep the nightly work from joining or deleting files of the tables that are mended."""
    with ExitStack() as held:
        for one in found.asides:
            path = lake.root / f".{one.log.path.name}.compaction.lock"
            if not held.enter_context(attempt(path)):
                msg = (
                    f"table `{one.log.name}` in {lake.root} is being compacted by another process;"
                    " repair again when that has ended"
                )
                raise LakeLockedError(msg)
        yield


def _mend(lake: Lake, folder: Path, found: Plan, giver: Giver, now: datetime) -> Outcome:
    files = _move(lake, folder, found.batch)
    put_back, lost = _give_back(lake, found, giver)
    for gap in lost:
        run = (gap.first, gap.last)
        record_losses(lake, gap.feed, gap.partition, [run], "journal_lost", now)
    files += _move(lake, folder, [found.raw] if found.raw else [])
    files += _move(lake, folder, found.stream)
    _tell(lake, folder, found, now)
    return Outcome(found, folder, files, put_back, tuple(lost))


def _move(lake: Lake, folder: Path, asides: Sequence[Aside]) -> int:
    moved = 0
    for one in asides:
        moved += move(lake.root, folder, one.files)
        if not one.is_whole and any(CHECKPOINT in file.name for file in one.files):
            # Else every opening would read the whole log.
            checkpoint(one.log.name, one.log.path)
    return moved


def _give_back(lake: Lake, found: Plan, giver: Giver) -> tuple[int, list[Gap]]:
    """Put into the journal what it has not and files hold; tell what nothing holds."""
    put_back, lost = 0, []
    raw = lake.root / RAW_MESSAGES.name
    for gap in found.gaps:
        if giver.source(gap.partition) != "journal":
            continue
        before = _parts(gap, giver.lacks(gap))
        if not before:
            continue
        files = candidates(found, raw)
        for part in before:
            for rows in messages(files, part):
                giver.put_back(part, rows)
        after = _parts(gap, giver.lacks(gap))
        put_back += sum(map(len, before)) - sum(map(len, after))
        lost += after
    return put_back, lost


def _parts(gap: Gap, runs: Iterable[Run]) -> list[Gap]:
    return [replace(gap, first=first, last=last) for first, last in runs]


def candidates(found: Plan, raw: Path) -> list[Path]:
    """Every file of `raw_messages` that may hold a message beyond the new cut."""
    kept = set() if found.raw is None else found.raw.log.live(found.raw.keep)
    return [file for file in sorted(raw.rglob("*.parquet")) if _is_data(raw, file, kept)]


def _is_data(raw: Path, file: Path, kept: set[str]) -> bool:
    place = file.relative_to(raw)
    return place.parts[0] != delta_log.LOG and str(place) not in kept


def _tell(lake: Lake, folder: Path, found: Plan, now: datetime) -> None:
    tables = ", ".join(one.log.name for one in found.asides)
    detail = f"{tables} taken back; what was moved aside lies in {folder.relative_to(lake.root)}"
    raise_alarm(lake, "lake_repaired", "lake", detail, now)
