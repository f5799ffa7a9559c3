"""The desk's first tables: cases, their history, the outbox, and the desk's own bookkeeping.

Here: the tables as this step made them. Not here: what they mean (streaming/desk/store/models.py).
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

from streaming.desk.store.types import Tree, UtcTime

revision: Final = "0001"
down_revision: Final = None

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    _cases()
    _entries()
    _known_alerts()
    _notes()
    _notifications()
    _overrides()
    _receivers()
    _silences()


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=null)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _number(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, _NUMBER, nullable=null)


def _truth(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _time(name: str, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcTime(), nullable=null)


def _tree(name: str) -> sa.Column[object]:
    return sa.Column(name, Tree(), nullable=False)


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("alert_id", sa.String(), primary_key=True),
        _text("episode", null=True),
        _text("facility", null=True),
        _text("patient_id", null=True),
        _text("encounter_id", null=True),
        _text("unit", null=True),
        _text("severity"),
        _whole("rank"),
        _text("rule"),
        _text("rule_family"),
        _whole("band"),
        _text("title"),
        _text("route"),
        _text("state"),
        _truth("is_open"),
        _truth("taken"),
        _text("owner", null=True),
        _time("taken_at", null=True),
        _text("offered_to", null=True),
        _time("raised_at"),
        _time("seen_at"),
        _time("changed_at"),
        _time("acknowledged_at", null=True),
        _time("snoozed_until", null=True),
        _whole("step"),
        _time("stepped_at", null=True),
        _text("verdict", null=True),
        _whole("version"),
        _whole("asking"),
        _time("asked_at"),
        _tree("plan"),
        _truth("quiet"),
        _time("told_at", null=True),
        _time("next_step_at", null=True),
        _truth("drill"),
        _truth("technical"),
        _tree("annotations"),
        _tree("alert_ids"),
        _tree("payload"),
    )
    op.create_index(
        "ix_cases_board", "cases", ["is_open", sa.text("rank desc"), "taken", "raised_at"]
    )
    op.create_index("ix_cases_counts", "cases", ["is_open", "drill", "unit", "severity"])
    op.create_index("ix_cases_due", "cases", ["is_open", "next_step_at"])
    op.create_index("ix_cases_episode", "cases", ["episode"])
    op.create_index("ix_cases_patient", "cases", ["facility", "patient_id"])
    op.create_index("ix_cases_raised", "cases", ["raised_at"])


def _entries() -> None:
    op.create_table(
        "entries",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        _text("alert_id"),
        _time("at"),
        _text("event"),
        _text("by", null=True),
        _text("reason", null=True),
        _text("note", null=True),
        _text("to", null=True),
        _time("until", null=True),
        _text("severity"),
        _text("state"),
        _text("owner", null=True),
        _whole("step"),
        _text("unit", null=True),
        _text("unit_before", null=True),
        _text("key", null=True),
        sa.UniqueConstraint("alert_id", "key", name="uq_entries_alert_id_key"),
    )
    op.create_index("ix_entries_alert_id", "entries", ["alert_id"])


def _known_alerts() -> None:
    op.create_table(
        "known_alerts",
        sa.Column("alert_id", sa.String(), primary_key=True),
        _text("case_id"),
    )


def _notes() -> None:
    op.create_table(
        "notes",
        sa.Column("name", sa.String(), primary_key=True),
        _number("number"),
        _text("text", null=True),
    )


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        _text("key"),
        _text("alert_id"),
        _whole("asking"),
        _whole("step"),
        _text("receiver"),
        _text("person", null=True),
        _text("role", null=True),
        _text("kind"),
        _whole("rank"),
        _text("state"),
        _time("due_at"),
        _time("next_try_at"),
        _whole("tries"),
        _whole("fence"),
        _text("lease_by", null=True),
        _time("lease_until", null=True),
        _time("sent_at", null=True),
        _text("why", null=True),
        _text("said", null=True),
        _number("fallback_of", null=True),
        _truth("has_fallback"),
        sa.UniqueConstraint("key", name="uq_notifications_key"),
    )
    op.create_index("ix_notifications_alert_id", "notifications", ["alert_id"])
    op.create_index(
        "ix_notifications_due",
        "notifications",
        ["state", "receiver", sa.text("rank desc"), "next_try_at"],
    )
    op.create_index("ix_notifications_pages", "notifications", ["person", "due_at"])


def _overrides() -> None:
    op.create_table(
        "overrides",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        _text("schedule"),
        _text("person"),
        _text("by"),
        _time("begins_at"),
        _time("ends_at"),
    )


def _receivers() -> None:
    op.create_table(
        "receivers",
        sa.Column("name", sa.String(), primary_key=True),
        _whole("failures"),
        _time("failing_since", null=True),
        _time("resting_until", null=True),
        _time("succeeded_at", null=True),
        _text("why", null=True),
    )


def _silences() -> None:
    op.create_table(
        "silences",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        _tree("match"),
        _text("reason"),
        _text("by"),
        _text("patient", null=True),
        _time("begins_at"),
        _time("ends_at"),
        _text("ended_by", null=True),
    )
