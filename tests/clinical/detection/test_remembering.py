"""A shard that only remembers its past goes on as the one that lived through it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.detection.batch_clock import BatchClock
from clinical.detection.shard import Derived, Facts, Shard
from lakehouse.tables import TABLES

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
PATIENTS = ("p1", "p2", "p3")
# Most of them alert: NEWS2, sepsis, respiratory failure, a critical result; and contexts.
VALUES: Mapping[str, Sequence[float]] = {
    "respiratory_rate": [16, 22, 30],
    "heart_rate": [70, 120, 140],
    "systolic_bp": [80, 120],
    "spo2": [84, 96],
    "fio2": [21, 60],
    "temperature": [37, 39.6],
    "potassium": [4, 7.5],
    "code_status": [0, 1, 2],
    "oxygen_device": [1, 12],
}

observed = st.fixed_dictionaries(
    {
        "concept": st.sampled_from(sorted(VALUES)),
        "pick": st.integers(0, 5),
        "late": st.sampled_from([0, 0, 0, 0, 0, 1, 7, 25]),
        "slot": st.integers(0, 1),
        "void": st.sampled_from([False, False, False, True]),
        # Written so many hours before it came: another version may be known already.
        "kept_back": st.sampled_from([0, 0, 0, 1, 3]),
    }
)
about = st.fixed_dictionaries(
    {
        "patient": st.sampled_from(PATIENTS),
        "observed": st.lists(observed, min_size=1, max_size=5),
        "order": st.sampled_from([None, None, "culture", "antibiotic"]),
        "order_late": st.sampled_from([0, 1, 40, 100]),
        "order_kept_back": st.sampled_from([0, 0, 2, 60]),
        "cancelled": st.booleans(),
        "born": st.sampled_from([None, None, date(1950, 1, 1), date(2015, 1, 1)]),
        "unit": st.sampled_from([None, "W1", "W2"]),
        "visit": st.sampled_from(["transfer", "admit", "discharge", "cancel_discharge"]),
    }
)
message = st.fixed_dictionaries(
    {
        "about": st.lists(about, min_size=1, max_size=2),
        "after": st.sampled_from([-0.2, 0, 0.1, 1, 2, 5, 30]),
        "merge": st.sampled_from([None] * 6 + [("p1", "p2"), ("p2", "p3"), ("p3", "p1")]),
        "ledger": st.sampled_from(["merge", "merge", "merge", "unmerge", "move_visit"]),
    }
)
Row = dict[str, Any]


def _tables(messages: Sequence[Row], first: int, at: Sequence[datetime]) -> Facts:
    """The facts of consecutive messages, as they come from `normalise` or from the lake."""
    found: dict[str, list[Row]] = {}
    for number, (one, now) in enumerate(zip(messages, at, strict=True)):
        place = {"feed": "f", "partition": 0, "offset": first + number, "received_at": now}
        place |= {"facility": "H", "message": number}
        for name, row in _rows(one, now):
            rows = found.setdefault(name, [])
            mine = sum(other["message"] == number for other in rows)
            rows.append({**dict.fromkeys(TABLES[name].schema.names), **place, "row": mine, **row})
    return {name: _table(name, rows) for name, rows in found.items()}


def _table(name: str, rows: list[Row]) -> pa.Table:
    for row in rows:
        row["received_date"] = row["received_at"].date()
    fields = [item.with_nullable(True) for item in TABLES[name].schema]
    return pa.Table.from_pylist(rows, pa.schema([*fields, ("message", pa.int32())]))


def _rows(one: Row, now: datetime) -> Iterator[tuple[str, Row]]:
    if one["merge"]:
        retired, surviving = one["merge"]
        merge = {"event": one["ledger"], "retired_id": retired, "surviving_id": surviving}
        yield "identity_events", {**merge, "retired_visit": "e"}
    for told in one["about"]:
        whose = {"patient_id": told["patient"], "encounter_id": "e"}
        for item in told["observed"]:
            yield "observations", {**whose, **_observation(item, now)}
        if told["order"]:
            yield from _order(told, whose, now)
        if told["born"]:
            yield "patient_demographics", {**whose, "birth_date": told["born"]}
        if told["unit"]:
            visit = {"event": told["visit"], "event_at": now, "patient_class": "I"}
            yield "encounter_events", {**whose, **visit, "unit": told["unit"]}


def _observation(item: Row, now: datetime) -> Row:
    # Whole hours, so that corrections and withdrawals find what they are about.
    at = now.replace(minute=0) - timedelta(hours=item["late"])
    values = VALUES[item["concept"]]
    return {
        "concept": item["concept"],
        "observation_id": f"{item['slot']}|{item['concept']}|{at.isoformat()}",
        "value": None if item["void"] else float(values[item["pick"] % len(values)]),
        "effective_at": at,
        "documented_at": now - timedelta(hours=item["kept_back"]),
        "status": "entered_in_error" if item["void"] else "final",
        "is_scored": not item["void"],
        "not_scored_reason": "retracted" if item["void"] else None,
    }


def _order(told: Row, whose: Row, now: datetime) -> Iterator[tuple[str, Row]]:
    at = now - timedelta(hours=told["order_late"])
    written = now - timedelta(hours=told["order_kept_back"])
    row = {**whose, "concept": told["order"], "order_id": "1", "documented_at": written}
    if told["order"] == "culture":
        yield "order_events", {**row, "effective_at": at, "is_cancelled": told["cancelled"]}
    else:
        event = "cancelled" if told["cancelled"] else "ordered"
        yield "medication_events", {**row, "started_at": at, "event": event}


def _batches(messages: list[Row], low: int, high: int, cuts: Sequence[int]) -> Iterator[Facts]:
    clock, at = START, []
    for one in messages:
        clock += timedelta(hours=one["after"])
        at.append(clock)
    edges = sorted({low, high, *(cut for cut in cuts if low < cut < high)})
    for begin, end in pairwise(edges):
        yield _tables(messages[begin:end], begin, at[begin:end])


def _alerts(derived: Sequence[Derived]) -> pa.Table | None:
    found = [one.alerts for one in derived if one.alerts is not None]
    return pa.concat_tables(found) if found else None


def _alerted(alerts: pa.Table, messages: Sequence[Row]) -> pa.Array:
    found, merges = set(alerts["patient_id"].to_pylist()), [one["merge"] for one in messages]
    for _ in PATIENTS:
        found |= {name for pair in merges if pair and found & set(pair) for name in pair}
    return pa.array(sorted(found), pa.string())


def _latest(alerts: pa.Table) -> pa.Table:
    rows = {(r["patient_id"], r["rule_family"], r["suppressed_by"]): r for r in alerts.to_pylist()}
    return pa.Table.from_pylist(list(rows.values()), alerts.schema)


def _said(derived: Sequence[Derived]) -> list[Any]:
    tables = [table for one in derived for table in (one.scores, one.alerts, one.demographics)]
    rows = [row for table in tables if table is not None for row in table.to_pylist()]
    return sorted(({**row, "message": None} for row in rows), key=repr)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(message, min_size=12, max_size=24),
    st.integers(4, 10),
    st.lists(st.integers(1, 23), max_size=4),
    st.lists(st.integers(1, 23), max_size=3),
)
def test_a_shard_that_remembers_says_what_one_that_lived_through_it_says(
    messages: list[Row], restart: int, cuts: list[int], others: list[int]
) -> None:
    end = len(messages)
    lived, reborn = Shard(BatchClock()), Shard(BatchClock())
    alerts = _alerts([lived.step(facts) for facts in _batches(messages, 0, restart, cuts)])
    known = _table("alerts", []) if alerts is None else alerts
    alerted = _alerted(known, messages[:restart])
    for facts in _batches(messages, 0, restart, others):
        reborn.remember(facts, alerted)
    reborn.recall(_latest(known))
    later = [
        [shard.step(facts) for facts in _batches(messages, restart, end, cuts)]
        for shard in (lived, reborn)
    ]
    assert _said(later[1]) == _said(later[0])


def _charted(ledger: str | None = None, **picks: int) -> Row:
    """A message an hour later: values of the first patient, by their places in VALUES."""
    about = [{"patient": "p1", "observed": [], **NOTHING}]
    for concept, pick in picks.items():
        value = {"concept": concept, "pick": pick, "late": 0, "slot": 0, "void": False}
        about[0]["observed"].append({**value, "kept_back": 0})
    merge = ("p1", "p2") if ledger else None
    return {"about": about, "after": 1, "merge": merge, "ledger": ledger}


NOTHING: Row = {
    **dict.fromkeys(("order", "born", "unit", "visit")),
    "order_late": 0,
    "order_kept_back": 0,
    "cancelled": False,
}


def _stored(alerts: pa.Table, low: int, high: int) -> Facts:
    """The alerts of a batch as the lake gives them back."""
    rows = [
        {**row, "message": row["offset"] - low}
        for row in alerts.to_pylist()
        if low <= row["offset"] < high
    ]
    return {"alerts": _table("alerts", rows)}


def test_an_episode_that_began_before_all_that_is_remembered_outlives_a_merge_and_its_unmerge() -> (
    None
):
    low = _charted(heart_rate=2, systolic_bp=1)
    messages = [
        *(_charted(heart_rate=2, systolic_bp=0), low),
        *(_charted("merge"), _charted("unmerge")),
        _charted(heart_rate=2, systolic_bp=0),
    ]
    lived, reborn = Shard(BatchClock()), Shard(BatchClock())
    alerts = _alerts([lived.step(facts) for facts in _batches(messages, 0, 4, [])])
    assert alerts is not None
    reborn.remember(_stored(alerts, 0, 1), pa.array(["p1", "p2"]))
    [later] = _batches(messages, 1, 4, [])
    reborn.remember({**later, **_stored(alerts, 1, 4)}, pa.array(["p1", "p2"]))
    reborn.recall(_latest(alerts))
    [last] = _batches(messages, 4, 5, [])
    assert _said([reborn.step(last)]) == _said([lived.step(last)])
