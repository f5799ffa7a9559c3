"""Stores for tests: an SQLite file, and databases in a real PostgreSQL.

Here: where a desk may keep its cases. Not here: the server itself (tests/orchestration/legacy).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import sqlalchemy as sa

from tests.orchestration.legacy import postgresql


@contextmanager
def server() -> Iterator[str]:
    """A PostgreSQL of the test's own; gives its URL. Where there is none the test skips."""
    with postgresql.running() as url:
        yield url.replace("postgresql://", "postgresql+psycopg://")


def fresh_database(server_url: str) -> str:
    """The URL of an empty database of that server."""
    name = f"desk_{uuid4().hex}"
    engine = sa.create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"create database {name}")
    engine.dispose()
    return server_url.rpartition("/")[0] + f"/{name}"
