"""What Dagster tells of the stream's tables without running anything.

Here: the sensor that observes them, and their checks. Not here: the tables as assets
(stream_tables.py), what is read of them (stream_state.py), or what a late fact sets off
(automation.py).

Only a materialisation wakes what depends on a table, and every event stays in Dagster's log: so one
is told where a table's version has moved, at most once a tick, and an observation of a table that
stands still only now and then.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from lakehouse.errors import LakeDamagedError, LakehouseError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import RAW_MESSAGES, TABLES
from orchestration.drift_shown import drift_metadata
from orchestration.shown import markdown_table
from orchestration.stream_state import (
    LONGEST_LAG,
    TableState,
    dispositions,
    is_late,
    table_states,
)
from orchestration.stream_tables import NAMESPACE

TICK = timedelta(seconds=60)
# A table that stands still is told of this seldom.
STILL = timedelta(minutes=15)
LAG_CHECK = "stream_lag"
READABLE_CHECK = "readable"

Event = dg.AssetObservation | dg.AssetMaterialization | dg.AssetCheckEvaluation


@dataclass(frozen=True, slots=True)
class Seen:
    """What was told last: versions by table, and when everything was."""

    versions: Mapping[str, int]
    told_at: float

    @classmethod
    def read(cls, cursor: str | None) -> "Seen":
        """The cursor that `write` made; nothing was seen where there is none, or it is not ours."""
        try:
            found = json.loads(cursor or "{}")
            return cls({**found["versions"]}, float(found["told_at"]))
        except (ValueError, KeyError, TypeError):
            return cls({}, 0.0)

    def write(self) -> str:
        """The cursor."""
        return json.dumps({"versions": dict(self.versions), "told_at": self.told_at})


def stream_sensor(settings: Settings) -> dg.SensorDefinition:
    """The sensor that looks at the lake once a minute."""

    @dg.sensor(
        name="stream_tables",
        minimum_interval_seconds=int(TICK.total_seconds()),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks at the stream's tables: version, rows, newest message, lag, and what"
        " became of the messages of each feed. Runs nothing.",
    )
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return observe(settings, Seen.read(context.cursor), datetime.now(UTC))

    return look


def observe(settings: Settings, seen: Seen, now: datetime) -> dg.SensorResult:
    """What to tell of the tables now; a lake that cannot be read is told of, and nothing raised."""
    try:
        lake = Lake.open(settings.lake, create=False)
        states = table_states(lake)
    except LakeDamagedError as error:
        found = list(_damaged(error))
        return dg.SensorResult(skip_reason=str(error), asset_events=found, cursor=seen.write())
    except LakehouseError as error:
        return dg.SensorResult(skip_reason=str(error), cursor=seen.write())
    moved = [state for state in states if seen.versions.get(state.name) != state.version]
    all_told = now.timestamp() - seen.told_at >= STILL.total_seconds()
    told = states if all_told else moved
    events = [event for state in told for event in _events(lake, state, state in moved, now)]
    events += [_readable(state.name) for state in told if all_told]
    versions = {state.name: state.version for state in states}
    after = Seen(versions, now.timestamp() if all_told else seen.told_at)
    return dg.SensorResult(asset_events=events, cursor=after.write())


def stream_checks(settings: Settings) -> dg.AssetChecksDefinition:
    """The same checks, for whoever wants them now."""

    @dg.multi_asset_check(name="stream_checks", specs=_check_specs())
    def check() -> Iterator[dg.AssetCheckResult]:
        now = datetime.now(UTC)
        states = {s.name: s for s in table_states(Lake.open(settings.lake, create=False))}
        for name in TABLES:
            yield dg.AssetCheckResult(asset_key=_key(name), check_name=READABLE_CHECK, passed=True)
        newest = states.get(RAW_MESSAGES.name)
        yield dg.AssetCheckResult(**_lag(newest, now))

    return check


def _check_specs() -> list[dg.AssetCheckSpec]:
    readable = [
        dg.AssetCheckSpec(
            READABLE_CHECK,
            asset=_key(name),
            description="The newest commits of the table, the files they name and its checkpoint"
            " are whole.",
        )
        for name in TABLES
    ]
    minutes = int(LONGEST_LAG.total_seconds() / 60)
    lag = dg.AssetCheckSpec(
        LAG_CHECK,
        asset=_key(RAW_MESSAGES.name),
        description=f"The newest message was received within the last {minutes} minutes. In a"
        " replay messages keep the feed's own clock, so there it warns.",
    )
    return [lag, *readable]


def _events(lake: Lake, state: TableState, has_moved: bool, now: datetime) -> Iterator[Event]:
    metadata = _metadata(state, now)
    if state.name == RAW_MESSAGES.name:
        metadata["dispositions"] = _dispositions(lake)
        metadata["schema_drift"] = drift_metadata(lake)
        yield dg.AssetCheckEvaluation(**_lag(state, now))
    if has_moved:
        moved = "Moved by the stream."
        yield dg.AssetMaterialization(_key(state.name), metadata=metadata, description=moved)
    else:
        yield dg.AssetObservation(_key(state.name), metadata=metadata)


def _readable(name: str) -> dg.AssetCheckEvaluation:
    # Opening the lake has looked at the newest commits of every table.
    return dg.AssetCheckEvaluation(asset_key=_key(name), check_name=READABLE_CHECK, passed=True)


def _metadata(state: TableState, now: datetime) -> dict[str, dg.MetadataValue]:
    told: dict[str, dg.MetadataValue] = {
        "delta_version": dg.IntMetadataValue(state.version),
        "dagster/row_count": dg.IntMetadataValue(state.rows),
        "files": dg.IntMetadataValue(state.files),
        "bytes": dg.IntMetadataValue(state.bytes),
    }
    if state.last_received_at is not None:
        lag = now - state.last_received_at
        told["last_received_at"] = dg.TimestampMetadataValue(state.last_received_at.timestamp())
        told["lag_seconds"] = dg.FloatMetadataValue(round(lag.total_seconds(), 1))
    return told


def _dispositions(lake: Lake) -> dg.MetadataValue:
    rows = [(d.feed, d.disposition, f"{d.messages:,}") for d in dispositions(lake)]
    return dg.MetadataValue.md(markdown_table(("feed", "disposition", "messages"), rows))


def _lag(state: TableState | None, now: datetime) -> dict[str, Any]:
    """Arguments of the check's result, or of its evaluation."""
    told: dict[str, Any] = {
        "asset_key": _key(RAW_MESSAGES.name),
        "check_name": LAG_CHECK,
        "severity": dg.AssetCheckSeverity.WARN,
    }
    if state is None or state.last_received_at is None:
        why = "No message was ever received: start the stream, or replay a feed."
        return told | {"passed": False, "description": why, "metadata": {}}
    lag = now - state.last_received_at
    why = "The newest message is recent."
    if is_late(lag):
        why = (
            "The newest message is old, or from the future: see whether the stream runs and its"
            " feeds send. After a replay of recorded messages this is as it should be."
        )
    seconds = round(lag.total_seconds(), 1)
    return told | {
        "passed": not is_late(lag),
        "description": why,
        "metadata": {"lag_seconds": seconds},
    }


def _damaged(error: LakeDamagedError) -> Iterator[Event]:
    if error.table in TABLES:
        yield dg.AssetCheckEvaluation(
            asset_key=_key(error.table),
            check_name=READABLE_CHECK,
            passed=False,
            description=str(error),
        )


def _key(name: str) -> dg.AssetKey:
    return dg.AssetKey([NAMESPACE, name])
