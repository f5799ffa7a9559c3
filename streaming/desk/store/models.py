"""The tables of the desk's store.

Here: every table of cases, their history, the outbox and the desk's own bookkeeping. Not here:
accounts and audit (streaming/desk/accounts, auditing: on the same `METADATA`), or how an older
store is brought up to this (migrations/; a test holds the two equal).
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from streaming.desk.store.metadata import METADATA
from streaming.desk.store.types import Tree, UtcTime

# Whole numbers that grow: SQLite counts by itself only in a column of this very type.
NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")

# One row per alert that became a case, with every field of its life (clinical/alerts/life.py).
# `rank` is the severity's place, the gravest highest; `taken` says that somebody has it; `seen_at`
# is when the desk first saw it, `plan` whom it asks, and `next_step_at` when the clock looks again.
CASES: Final = Table(
    "cases",
    METADATA,
    Column("alert_id", String, primary_key=True),
    Column("episode", String),
    Column("facility", String),
    Column("patient_id", String),
    Column("encounter_id", String),
    Column("unit", String),
    Column("severity", String, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("rule", String, nullable=False),
    Column("rule_family", String, nullable=False),
    Column("band", Integer, nullable=False),
    Column("title", String, nullable=False),
    Column("route", String, nullable=False),
    Column("state", String, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("taken", Boolean, nullable=False),
    Column("owner", String),
    Column("taken_at", UtcTime),
    Column("offered_to", String),
    Column("raised_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("acknowledged_at", UtcTime),
    Column("snoozed_until", UtcTime),
    Column("step", Integer, nullable=False),
    Column("stepped_at", UtcTime),
    Column("verdict", String),
    Column("version", Integer, nullable=False),
    Column("asking", Integer, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("plan", Tree, nullable=False),
    Column("quiet", Boolean, nullable=False),
    Column("told_at", UtcTime),
    Column("next_step_at", UtcTime),
    Column("drill", Boolean, nullable=False),
    Column("technical", Boolean, nullable=False),
    Column("annotations", Tree, nullable=False),
    Column("alert_ids", Tree, nullable=False),
    Column("payload", Tree, nullable=False),
)
# The board's order; then what is due; then an episode's case, and a patient's other ones.
Index("ix_cases_board", CASES.c.is_open, CASES.c.rank.desc(), CASES.c.taken, CASES.c.raised_at)
Index("ix_cases_due", CASES.c.is_open, CASES.c.next_step_at)
Index("ix_cases_episode", CASES.c.episode)
Index("ix_cases_patient", CASES.c.facility, CASES.c.patient_id)
Index("ix_cases_counts", CASES.c.is_open, CASES.c.drill, CASES.c.unit, CASES.c.severity)
Index("ix_cases_raised", CASES.c.raised_at)

# Every alert that was taken in, and the case that it belongs to: none is taken in twice.
KNOWN_ALERTS: Final = Table(
    "known_alerts",
    METADATA,
    Column("alert_id", String, primary_key=True),
    Column("case_id", String, nullable=False),
)

# A case's history. Numbers have no gaps, and a higher one was committed later (counting.py).
ENTRIES: Final = Table(
    "entries",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("alert_id", String, nullable=False, index=True),
    Column("at", UtcTime, nullable=False),
    Column("event", String, nullable=False),
    Column("by", String),
    Column("reason", String),
    Column("note", String),
    Column("to", String),
    Column("until", UtcTime),
    Column("severity", String, nullable=False),
    Column("state", String, nullable=False),
    Column("owner", String),
    Column("step", Integer, nullable=False),
    Column("unit", String),
    Column("unit_before", String),
    Column("key", String),
    UniqueConstraint("alert_id", "key"),
)

# The outbox: one row per case, asking, step, receiver and person. `key` goes out with every try;
# `fence` grows with every lease, so that who lost one can no longer write.
NOTIFICATIONS: Final = Table(
    "notifications",
    METADATA,
    Column("number", NUMBER, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("alert_id", String, nullable=False, index=True),
    Column("asking", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("receiver", String, nullable=False),
    Column("person", String),
    Column("role", String),
    Column("kind", String, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("next_try_at", UtcTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("lease_by", String),
    Column("lease_until", UtcTime),
    Column("failed_at", UtcTime),  # the first try that was not taken
    Column("sent_at", UtcTime),
    Column("why", String),
    Column("said", String),
    Column("fallback_of", NUMBER),
    Column("has_fallback", Boolean, nullable=False),
)
Index(
    "ix_notifications_due",
    NOTIFICATIONS.c.state,
    NOTIFICATIONS.c.receiver,
    NOTIFICATIONS.c.rank.desc(),
    NOTIFICATIONS.c.next_try_at,
)
Index("ix_notifications_pages", NOTIFICATIONS.c.person, NOTIFICATIONS.c.due_at)

# How each receiver does, for all workers alike: the breaker.
RECEIVERS: Final = Table(
    "receivers",
    METADATA,
    Column("name", String, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failing_since", UtcTime),
    Column("resting_until", UtcTime),
    Column("succeeded_at", UtcTime),
    Column("why", String),
)

SILENCES: Final = Table(
    "silences",
    METADATA,
    Column("number", NUMBER, primary_key=True),
    Column("match", Tree, nullable=False),
    Column("reason", String, nullable=False),
    Column("by", String, nullable=False),
    Column("patient", String),
    Column("begins_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
    Column("ended_by", String),
)

OVERRIDES: Final = Table(
    "overrides",
    METADATA,
    Column("number", NUMBER, primary_key=True),
    Column("schedule", String, nullable=False),
    Column("person", String, nullable=False),
    Column("by", String, nullable=False),
    Column("begins_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
)

# Counters, cursors and whatever else the desk notes about itself, by name.
NOTES: Final = Table(
    "notes",
    METADATA,
    Column("name", String, primary_key=True),
    Column("number", NUMBER, nullable=False),
    Column("text", String),
)
