"""What runs by itself: a late fact sets off the nights it belongs to, and no other.

Here: the asset that stands for a night's facts, the sensor that says which nights have moved, the
conditions under which comparisons and marts follow, and the nightly job. Not here: which night a
fact belongs to (late_facts.py), or what runs (the rooms).

A condition fires where *all* that its label says is true; each asset's page shows which part was.
"""

import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from lakehouse.cuts import Cut
from lakehouse.cuts import cut as cut_now
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import TABLES
from orchestration.late_facts import SPEAKS_OF, touched_nights
from orchestration.legacy.schedule import nightly_schedule
from orchestration.nights import nightly_partitions
from orchestration.stream_tables import NAMESPACE, OWNER

FACTS = dg.AssetKey([NAMESPACE, "facts_by_night"])
TICK_SECONDS = 120
# Marts are made whole: late facts wait for this tick, so that a busy evening makes them once.
MARTS_TICK = "20 * * * *"
# A history load touches years. What lies further back is asked for as a backfill, by somebody.
MOST_NIGHTS = 62
NIGHTLY = "nightly"
COMPARED, MARTS = "reconciliation", "marts"

# Conditions of assets and of checks are of one type once combined.
Condition = dg.AutomationCondition[Any]


def facts_by_night(settings: Settings) -> dg.AssetSpec:
    """The facts of one night, as something that others can wait for."""
    columns = [
        dg.TableColumn("night", "date", "Day on which the nightly jobs ran; the partition."),
        dg.TableColumn("rows", "int64", "Facts of the night that have come since it was told of."),
    ]
    return dg.AssetSpec(
        FACTS,
        deps=[dg.AssetKey([NAMESPACE, name]) for name in SPEAKS_OF],
        group_name="facts",
        owners=[OWNER],
        kinds={"bytewax", "deltalake"},
        tags={"zone": "facts", "phi": "none"},
        description="Grain: one night that has closed and that facts have come for since.\n\n"
        "Source: the fact tables of the lake, by the night in which a fact was true or received. It"
        " moves where a late fact, a correction or a merge belongs to a night, and what is made"
        " from that night follows.",
        metadata={"dagster/column_schema": dg.TableSchema(columns)},
        partitions_def=nightly_partitions(settings),
    )


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at the lake found: nights to tell of, newest last, and the cut it reached."""

    nights: tuple[tuple[date, int], ...]
    left_out: int
    at: Cut
    told: str | None = None


def look(settings: Settings, cursor: str | None, now: datetime) -> Looked:
    """Which closed nights facts have come for since the cursor.

    The first look has nothing to compare with, and neither has one at another lake, whose cut lies
    before the cursor: both only remember where the lake stands.

    Raises:
        LakehouseError: The lake cannot be read.
    """
    lake = Lake.open(settings.lake, create=False)
    at = cut_now(lake)
    before = _read(cursor)
    if before is None:
        return Looked((), 0, at, "first look: what arrives from now on is told of")
    if any(at.get(place, -1) < reached for place, reached in before.items()):
        return Looked((), 0, at, "the lake's cut lies before the last one seen: it was replaced")
    nights = sorted(touched_nights(lake, before, at, settings, now).items())
    told = nights[-MOST_NIGHTS:]
    return Looked(tuple(told), len(nights) - len(told), at)


def late_facts_sensor(settings: Settings) -> dg.SensorDefinition:
    """The sensor that says for which nights facts have come."""

    @dg.sensor(
        name="late_facts",
        minimum_interval_seconds=TICK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Says for which closed nights facts, corrections or merges have arrived. It"
        " starts nothing itself: what is made from such a night follows by its own condition.",
    )
    def late(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        try:
            found = look(settings, context.cursor, datetime.now(UTC))
        except LakehouseError as error:
            return dg.SensorResult(skip_reason=str(error), cursor=context.cursor)
        if found.left_out:
            context.log.warning(
                "facts have come for %d older nights too: compare those by a backfill",
                found.left_out,
            )
        return dg.SensorResult(
            asset_events=[_moved(night, rows) for night, rows in found.nights],
            cursor=json.dumps(found.at.to_json()),
            skip_reason=found.told,
        )

    return late


def follow_late_facts(rooms: dg.Definitions) -> dg.Definitions:
    """The same definitions, in which comparisons and marts wait for the facts of a night."""

    def waiting(spec: dg.AssetSpec) -> dg.AssetSpec:
        if _is_compared(spec):
            condition = after_late_facts()
        elif spec.key.path[0] == MARTS:
            condition = hourly_after_late_facts()
        else:
            return spec
        return spec.merge_attributes(deps=[dg.AssetDep(FACTS)]).replace_attributes(
            automation_condition=condition
        )

    sensors = automation_sensors(filter(_is_compared, rooms.resolve_all_asset_specs()))
    with warnings.catch_warnings():
        # It may change in a later release; the test of these conditions would say so.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        followed = rooms.map_asset_specs(func=waiting)
    return dg.Definitions.merge(followed, dg.Definitions(sensors=sensors))


def _is_compared(spec: dg.AssetSpec) -> bool:
    return spec.key.path[0] == COMPARED and spec.partitions_def is not None


def after_late_facts() -> Condition:
    """A night that was compared, and that facts have come for since, is compared again."""
    moved = dg.AutomationCondition.any_deps_match(dg.AutomationCondition.newly_updated()).allow(
        _facts()
    )
    since = moved.since_last_handled().with_label("facts have come for this night")
    compared = (~dg.AutomationCondition.missing()).with_label("the night was compared before")
    idle = (~dg.AutomationCondition.in_progress()).with_label("it is not being compared now")
    return (since & compared & idle).with_label("late facts of a night that was compared")


def hourly_after_late_facts() -> Condition:
    """Marts that were made, and that facts have come for since, are made again once an hour."""
    moved = dg.AutomationCondition.any_deps_match(dg.AutomationCondition.newly_updated()).allow(
        _facts()
    )
    since = moved.since_last_handled().with_label("facts have come for a night that had closed")
    made = (~dg.AutomationCondition.missing()).with_label("the mart was made before")
    tick = dg.AutomationCondition.cron_tick_passed(MARTS_TICK).with_label("20 minutes past")
    idle = (~dg.AutomationCondition.in_progress()).with_label("it is not being made now")
    return (since & made & tick & idle).with_label("late facts, once an hour")


def automation_sensors(
    compared: Iterable[dg.AssetSpec],
) -> list[dg.AutomationConditionSensorDefinition]:
    """One per compared job, so that a run's tags name it; one for the marts, one for the ledger."""
    sensors = [_automation(spec.key) for spec in compared]
    marts = dg.AutomationConditionSensorDefinition(
        "late_facts_marts",
        target=dg.AssetSelection.groups(MARTS),
        run_tags=_tags(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
        description="Makes the marts again, once an hour, after facts of closed nights arrived.",
    )
    ledger = dg.AutomationConditionSensorDefinition(
        "migration_gates",
        target=dg.AssetSelection.groups("migration"),
        run_tags={"source": "automation", "reason": "evidence is new, or the clock says so"},
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
        description="Looks at every job's gates again, and puts one with a red gate on hold.",
    )
    return [*sensors, marts, ledger]


def nightly(settings: Settings) -> dg.Definitions:
    """Everything of one night: extracts landed, compared, checked, and the marts made."""
    tables = [dg.AssetKey([NAMESPACE, name]) for name in TABLES]
    job = dg.define_asset_job(
        NIGHTLY,
        # Checks of the stream's tables are steps of the night, so that a blocking one stops what
        # reads its table.
        selection=dg.AssetSelection.groups("legacy", COMPARED, MARTS)
        | dg.AssetSelection.checks_for_assets(*tables),
        description="One night: check the stream's tables, land the extracts, compare each job with"
        " the stream, make the marts, and check those. A backfill of it does many nights.",
        tags={"source": "schedule", "reason": "nightly"},
    )
    return dg.Definitions(jobs=[job], schedules=[nightly_schedule(settings, NIGHTLY)])


def _automation(key: dg.AssetKey) -> dg.AutomationConditionSensorDefinition:
    job = key.path[-1]
    return dg.AutomationConditionSensorDefinition(
        f"late_facts_{job}",
        target=dg.AssetSelection.assets(key),
        run_tags=_tags() | {"ledger_job": job},
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
        description=f"Compares again the nights of `{job}` that late facts belong to.",
    )


def _tags() -> dict[str, str]:
    return {"source": "late_facts", "reason": "facts have come for nights that had closed"}


def _facts() -> dg.AssetSelection:
    return dg.AssetSelection.assets(FACTS)


def _moved(night: date, rows: int) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        FACTS,
        partition=night.isoformat(),
        description="Facts have come for a night that had closed.",
        metadata={"dagster/partition_row_count": dg.IntMetadataValue(rows)},
    )


def _read(cursor: str | None) -> Cut | None:
    if not cursor:
        return None
    try:
        return Cut.from_json(json.loads(cursor))
    except (ValueError, KeyError, TypeError):
        return None
