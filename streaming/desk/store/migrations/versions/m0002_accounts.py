"""Accounts and the audit: who may come in, and what they saw and did.

Here: the tables of streaming/desk/accounts and streaming/desk/auditing, as they first were. Not
here: what changed in them later.
"""

import sqlalchemy as sa
from alembic import op

from streaming.desk.store.types import Tree, UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, and the head of an empty audit."""
    _people()
    _secrets()
    _attempts()
    _audit()


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("display", sa.String, nullable=False),
        sa.Column("roles", Tree, nullable=False),
        sa.Column("units", Tree),
        sa.Column("password", sa.String),
        sa.Column("subject", sa.String, unique=True),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("disabled_at", UtcTime),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("person", sa.String, nullable=False, index=True),
        sa.Column("csrf", sa.String, nullable=False),
        sa.Column("started_at", UtcTime, nullable=False),
        sa.Column("seen_at", UtcTime, nullable=False),
    )


def _secrets() -> None:
    op.create_table(
        "service_tokens",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("digest", sa.String, nullable=False, unique=True),
        sa.Column("grants", Tree, nullable=False),
        sa.Column("units", Tree),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("expires_at", UtcTime, nullable=False),
        sa.Column("revoked_at", UtcTime),
    )
    op.create_table(
        "links",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("person", sa.String),
        sa.Column("expires_at", UtcTime, nullable=False),
        sa.Column("used_at", UtcTime),
    )
    op.create_table(
        "openid_logins",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("nonce", sa.String, nullable=False),
        sa.Column("verifier", sa.String, nullable=False),
        sa.Column("back", sa.String, nullable=False),
        sa.Column("expires_at", UtcTime, nullable=False, index=True),
    )


def _attempts() -> None:
    op.create_table(
        "login_failures",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
    )
    op.create_index("ix_login_failures_subject", "login_failures", ["subject", "at"])
    op.create_table(
        "callbacks",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("at", UtcTime, nullable=False, index=True),
    )
    op.create_table(
        "broken_glass",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("person", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("until", UtcTime, nullable=False),
        sa.Column("reviewed_by", sa.String),
        sa.Column("reviewed_at", UtcTime),
        sa.Column("verdict", sa.String),
        sa.Column("remark", sa.String),
    )
    op.create_index("ix_broken_glass_person", "broken_glass", ["person", "until"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("at", UtcTime, nullable=False, index=True),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("where", sa.String, nullable=False),
        sa.Column("why", sa.String),
        sa.Column("alerts", Tree, nullable=False),
        sa.Column("patients", Tree, nullable=False),
        sa.Column("previous", sa.String),
        sa.Column("sha256", sa.String, nullable=False),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("sha256", sa.String),
    )
    op.bulk_insert(head, [{"name": "desk", "number": 0, "sha256": None}])
