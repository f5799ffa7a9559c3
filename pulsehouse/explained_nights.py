"""What the nightly job would have known of an alert's inputs.

Here: each input as known at the run before the alert and at the run after it. Not here: when a run
is (clinical/detection/batch_clock.py).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from clinical.concepts import CONCEPTS, round_value
from clinical.detection.batch_clock import BatchClock
from clinical.scoring.inputs import HOURS_IN_CARE
from pulsehouse.contents import Contents, Row
from pulsehouse.explained_rows import place_of


def nights(
    contents: Contents, alert: Row, inputs: Sequence[Row], patients: list[str], clock: BatchClock
) -> Row:
    """The runs around the alert, and what each would have seen of every input.

    Of an observation the newest value that had arrived by the run and still counted; of an order, a
    drug, or a value that was the worst of a stretch, whether it had arrived, and no order that was
    cancelled by then; of what was worked out from others, nothing of its own.
    """
    before, after = clock.last_until(alert["raised_at"]), alert["batch_at"]
    whose = sorted({alert["patient_id"], *patients})
    seen = {run: _seen(contents, alert, inputs, whose, run) for run in (before, after)}
    gone = {run: _cancelled(contents, alert, whose, run) for run in (before, after)}
    known = [
        {
            "name": item["name"],
            "concept": item["concept"],
            "value": item["value"],
            "was_known_before": _by(item, before),
            "before": None if place_of(item) in gone[before] else _told(item, seen[before], before),
            "after": None if place_of(item) in gone[after] else _told(item, seen[after], after),
        }
        for item in inputs
    ]
    return {"run_before_at": before, "run_after_at": after, "inputs": known}


def _by(item: Row, run: datetime) -> bool:
    return item["known_at"] is not None and item["known_at"] <= run


def is_worked_out(item: Row) -> bool:
    """Whether an input is worked out from facts, so that no row states its value."""
    name = item["name"].partition(", ")[0]
    return name in HOURS_IN_CARE or item["concept"] not in CONCEPTS


def _told(item: Row, seen: dict[str, Row], run: datetime) -> Row | None:
    if is_worked_out(item):
        return None
    if item["table"] == "observations" and item["is_newest"]:
        return seen.get(item["concept"])
    told = {"value": item["value"], "effective_at": item["effective_at"]}
    return told if _by(item, run) else None


def _cancelled(
    contents: Contents, alert: Row, patients: list[str], run: datetime
) -> set[tuple[object, ...]]:
    """The places of orders and drugs that had been cancelled by a run."""
    rows = contents.ask(_CANCELLED, facility=alert["facility"], patients=patients, run=run)
    return {place_of(row) for row in rows}


def _seen(
    contents: Contents, alert: Row, inputs: Sequence[Row], patients: list[str], run: datetime
) -> dict[str, Row]:
    """The newest value of each concept that had arrived by a run and still counted."""
    concepts = sorted({item["concept"] for item in inputs if item["table"] == "observations"})
    rows = contents.ask(
        _NEWEST, facility=alert["facility"], patients=patients, concepts=concepts, run=run
    )
    return {
        row["concept"]: {"value": _rounded(row), "effective_at": row["effective_at"]}
        for row in rows
        if _counts(row, run)
    }


def _rounded(row: Row) -> float:
    return round_value(row["value"], CONCEPTS[row["concept"]].precision)


def _counts(row: Row, run: datetime) -> bool:
    hours = CONCEPTS[row["concept"]].lookback_hours
    return hours is None or run - row["effective_at"] <= timedelta(hours=hours)


_NEWEST = """
with

versions as (
    select concept, value, effective_at, is_scored
    from observations
    where
        facility is not distinct from $facility
        and list_contains($patients, patient_id)
        and list_contains($concepts, concept)
        and received_at <= $run
    qualify row_number() over (
        partition by observation_id order by received_at desc, "offset" desc, "row" desc
    ) = 1
)

select concept, arg_max(value, effective_at) as value, max(effective_at) as effective_at
from versions
where is_scored and effective_at <= $run
group by concept
"""

# One administration of an order is cancelled by its start; an order as a whole by its number.
_CANCELLED = """
with

orders as (
    select
        feed, "partition", "offset", "row", received_at, facility, patient_id, order_id,
        effective_at as began_at, is_cancelled, true as is_whole
    from order_events
    union all
    select
        feed, "partition", "offset", "row", received_at, facility, patient_id, order_id,
        started_at as began_at, event = 'cancelled' as is_cancelled, event = 'ordered' as is_whole
    from medication_events
)

select told.feed, told."partition", told."offset", told."row"
from orders as told
inner join orders as cancelled
    on
        told.facility is not distinct from cancelled.facility
        and told.order_id = cancelled.order_id
        and (told.is_whole or told.began_at = cancelled.began_at)
where
    cancelled.is_cancelled
    and cancelled.received_at <= $run
    and told.facility is not distinct from $facility
    and list_contains($patients, told.patient_id)
    and list_contains($patients, cancelled.patient_id)
"""
