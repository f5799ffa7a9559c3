"""Replay runs: what a replay concluded, as a value and as a row of evidence.

Here: the value, and its append. Not here: the replays themselves.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

import pyarrow as pa

from lakehouse.batch.replays import REPLAY_RUNS
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.ledgers import append_entry

Order = Literal["arrival", "effective"]


@dataclass(frozen=True, slots=True)
class ReplayRun:
    """One replay: the columns of `replay_runs`, with JSON still as values."""

    replay_id: str
    replay_order: Order
    began_at: datetime
    ended_at: datetime
    cut: Cut
    rules_version: str
    first_received_at: datetime | None
    last_received_at: datetime | None
    messages: int
    rows: int
    differing: int
    is_equal: bool | None
    tables: Mapping[str, Mapping[str, int]]
    other_rules: Mapping[str, Mapping[str, int]]
    verdict: str

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended_at - self.began_at).total_seconds()


def new_id(order: Order, now: datetime) -> str:
    """A name for a run that no other run has."""
    return f"{order}-{now:%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"


def instant() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def record(lake: Lake, run: ReplayRun) -> None:
    """Append the run to the evidence; on return it is on the disk."""
    values = {name: value for name, value in asdict(run).items() if name != "cut"}
    values["cut"] = json.dumps(run.cut.to_json())
    for name in ("tables", "other_rules"):
        values[name] = json.dumps(values[name], sort_keys=True)
    rows = pa.Table.from_pylist([values], REPLAY_RUNS.schema)
    append_entry(lake, REPLAY_RUNS, run.replay_id, 1, rows)
