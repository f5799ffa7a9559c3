"""What a nightly job promises: the inventory that is written down before anything moves.

Here: the shape of a job's contract. Not here: the jobs themselves (the other modules of this
package), reading their extracts (orchestration/legacy), comparing (orchestration/reconciliation) or
deciding (orchestration/migration).
"""

from dataclasses import dataclass, field
from typing import Literal

from lakehouse.tables import Table

Decision = Literal["to_migrate", "kept_in_batch"]
Kind = Literal["snapshot", "delta"]
# `midnight`: what was known at 00:00 of the day of the run. `run`: at the hour of the run itself.
Cutoff = Literal["midnight", "run"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One compared column and what still counts as equal.

    `absolute` and `relative` are for numbers, `seconds` for times; a text is equal or it is not.
    `if_stated`: compared only where the job itself says something, because it does not for every
    row.
    """

    name: str
    absolute: float = 0.0
    relative: float = 0.0
    seconds: float = 0.0
    if_stated: bool = False


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who reads the job's output, and from which hour on (local time, HH:MM)."""

    name: str
    reads_at: str


@dataclass(frozen=True, slots=True)
class JobContract:
    """One nightly job.

    Attributes:
        name: The job; its landed rows are `legacy_<name>`, its served view is `served.<name>`.
        title: What it is to people.
        decision: Whether it moves to the stream, or stays in batch on purpose.
        reason: Why that was decided.
        grain: What one row is.
        kind: A snapshot of a moment, or the rows of the 24 hours up to the run.
        cutoff: Up to when the job knows.
        landed: The tables its extracts land in; the first is the job's own.
        key: Columns that identify a row of a night, in the served view and in the comparison.
        compared: Columns that are held against the stream, with their tolerances.
        owner: Team that answers for it.
        consumers: Who reads it, and when.
        freshness_minutes: How old the newest fact may be, at the 95th percentile, once served live.
        acceptance: What has to hold for it to move, agreed before data was looked at.
        quirks: What the job does silently and its readers rely on.
    """

    name: str
    title: str
    decision: Decision
    reason: str
    grain: str
    kind: Kind
    cutoff: Cutoff
    landed: tuple[Table, ...]
    key: tuple[str, ...]
    compared: tuple[Compared, ...]
    owner: str
    consumers: tuple[Consumer, ...]
    freshness_minutes: int
    acceptance: str
    quirks: tuple[str, ...] = field(default=())
