"""The tables of accounts in the desk's store.

Here: people, sessions, tokens, one-time links, failures to log in, broken glass. Not here: what is
done with them (the modules beside this), or how an older store gets them (store/migrations).

No secret lies here, only digests and Argon2id hashes.
"""

from typing import Final

from sqlalchemy import Column, Index, String, Table

from streaming.desk.store.metadata import METADATA
from streaming.desk.store.models import NUMBER
from streaming.desk.store.types import Tree, UtcTime

# `units` is null for every unit. `subject` is the person at the OpenID provider, as issuer and sub.
PEOPLE: Final = Table(
    "people",
    METADATA,
    Column("name", String, primary_key=True),
    Column("display", String, nullable=False),
    Column("roles", Tree, nullable=False),
    Column("units", Tree),
    Column("password", String),
    Column("subject", String, unique=True),
    Column("created_at", UtcTime, nullable=False),
    Column("disabled_at", UtcTime),
)

SESSIONS: Final = Table(
    "sessions",
    METADATA,
    Column("digest", String, primary_key=True),
    Column("person", String, nullable=False, index=True),
    Column("csrf", String, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)

SERVICE_TOKENS: Final = Table(
    "service_tokens",
    METADATA,
    Column("name", String, primary_key=True),
    Column("digest", String, nullable=False, unique=True),
    Column("grants", Tree, nullable=False),
    Column("units", Tree),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
)

# A link by which a person sets a password, once; `person` is null for the first account of all.
LINKS: Final = Table(
    "links",
    METADATA,
    Column("digest", String, primary_key=True),
    Column("person", String),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)

# A log-in that is on its way through the OpenID provider; used once.
OPENID_LOGINS: Final = Table(
    "openid_logins",
    METADATA,
    Column("digest", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("nonce", String, nullable=False),
    Column("verifier", String, nullable=False),
    Column("back", String, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
)

# Whose tries failed: a name or an address, hashed, because people type passwords into wrong fields.
FAILURES: Final = Table(
    "login_failures",
    METADATA,
    Column("number", NUMBER, primary_key=True),
    Column("subject", String, nullable=False),
    Column("at", UtcTime, nullable=False),
)
Index("ix_login_failures_subject", FAILURES.c.subject, FAILURES.c.at)

# Signatures of callbacks that were taken: each counts once.
CALLBACKS: Final = Table(
    "callbacks",
    METADATA,
    Column("digest", String, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
)

GLASS: Final = Table(
    "broken_glass",
    METADATA,
    Column("number", NUMBER, primary_key=True),
    Column("person", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("reviewed_by", String),
    Column("reviewed_at", UtcTime),
    Column("verdict", String),
    Column("remark", String),
)
Index("ix_broken_glass_person", GLASS.c.person, GLASS.c.until)
