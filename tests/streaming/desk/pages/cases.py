"""Cases as the store gives them, made by hand, and messages in the lake."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from clinical.alerts import Act, decide, raised
from clinical.routing import Plan, Step, Target
from lakehouse.appends import append
from lakehouse.tables import RAW_MESSAGES
from streaming.desk.case_rows import CaseRow
from tests.streaming.desk.desks import FEED, START

NOW = datetime(2026, 1, 24, 2, 13, 5, tzinfo=UTC)


def ago(**spans):
    return NOW - timedelta(**spans)


def evidence(name, value, unit=None, at=None, **place):
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "effective_at": (at or ago(minutes=6)).isoformat(),
        "feed": place.get("feed", "ward"),
        "partition": place.get("partition", 0),
        "offset": place.get("offset", 70267),
        "row": place.get("row", 0),
    }


def score(name, variant, value, at=None):
    return evidence(f"{name} ({variant})", value, at=at) | {
        "feed": None,
        "partition": None,
        "offset": None,
        "row": None,
    }


NEWS2_EVIDENCE = (
    score("news2", "rcp2017", 9.0),
    evidence("respiratory_rate", 27.0, "/min"),
    evidence("spo2", 90.0, "%"),
    evidence("oxygen", 1.0),
    evidence("systolic_bp", 98.0, "mm[Hg]", at=ago(hours=7)),
    evidence("heart_rate", 118.0, "/min"),
)

PLAN = Plan(
    (
        Step(0, timedelta(0), (Target("n.adeyemi", "nurse", ("webhook",)),)),
        Step(1, timedelta(minutes=5), (Target("b.okafor", "doctor", ("pager",)),)),
        Step(2, timedelta(minutes=10), (Target(None, "consultant", ("pager",)),)),
    ),
    "notify",
    "first match",
    ("ward", "critical"),
    timedelta(minutes=15),
)


def case(alert_id="ward-0-70267-news2", *, acts=(), **changes):
    """A case of NEWS2; `acts` have happened to it, `changes` replace fields of the row."""
    at = changes.get("raised_at", ago(minutes=4))
    severity = changes.get("severity", "critical")
    life = raised(alert_id, severity, at)
    for act in acts:
        life = decide(life, act)
    due = life.asked_at + timedelta(minutes=5) if life.state in WAITING else None
    made = CaseRow(
        alert_id=alert_id,
        facility="RVC",
        patient_id="41976",
        encounter_id="153826",
        unit="Ward 7",
        severity=severity,
        rule="news2_emergency",
        rule_family="news2",
        band=3,
        title="NEWS2 of 7 or more: emergency response",
        route="unit",
        state=life.state,
        owner=life.owner,
        offered_to=life.offered_to,
        raised_at=at,
        seen_at=at,
        changed_at=life.changed_at,
        acknowledged_at=life.acknowledged_at,
        snoozed_until=life.snoozed_until,
        next_step_at=due,
        drill=False,
        technical=False,
        annotations=(),
        alert_ids=(alert_id,),
        payload={
            "evidence": NEWS2_EVIDENCE,
            "missing": ["consciousness", "temperature"],
            "contexts": [],
            "rules_version": "a91f7a9370b5",
            "batch_at": datetime(2026, 1, 25, 2, tzinfo=UTC).isoformat(),
        },
        plan=PLAN,
        life=life,
    )
    return replace(made, **changes)


WAITING = {"raised", "delivered", "read", "escalated", "handed_over"}


def taken(by="n.adeyemi", at=None, **more):
    return Act("acknowledge", at or ago(minutes=2), by=by, **more)


def write_message(desk, offset, raw=b"MSH|"):
    """A message in the lake, which is read up to it from then on."""
    row = dict.fromkeys(RAW_MESSAGES.schema.names) | {
        "feed": FEED,
        "partition": 1000,
        "offset": offset,
        "row": 0,
        "received_at": START,
        "received_date": START.date(),
        "raw": raw,
        "content_hash": bytes(16),
        "disposition": "parsed",
    }
    rows = pa.Table.from_pylist([row], RAW_MESSAGES.schema)
    append(desk.lake, RAW_MESSAGES, FEED, 1000, rows, offset)
