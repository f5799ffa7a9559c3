"""The tables of the desk's audit.

Here: the entries, and the one row that holds their head. Not here: writing and verifying them
(chain.py, records.py).
"""

from typing import Final

from sqlalchemy import Column, String, Table

from streaming.desk.store.metadata import METADATA
from streaming.desk.store.models import NUMBER
from streaming.desk.store.types import Tree, UtcTime

AUDIT: Final = Table(
    "audit",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False, index=True),
    Column("who", String, nullable=False),
    Column("action", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("where", String, nullable=False),
    Column("why", String),
    Column("alerts", Tree, nullable=False),
    Column("patients", Tree, nullable=False),
    Column("previous", String),
    Column("sha256", String, nullable=False),
)

# The newest entry. Writers take turns at this row, and an entry taken off the end is missed.
HEAD: Final = Table(
    "audit_head",
    METADATA,
    Column("name", String, primary_key=True),
    Column("number", NUMBER, nullable=False),
    Column("sha256", String),
)
