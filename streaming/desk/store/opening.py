"""Opening the desk's store: its engine, and its tables brought up to this release.

Here: where it lies, how SQLite must be set, and the migration at the start. Not here: transactions
(writing.py), or tables (models.py).
"""

import os
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from lakehouse.errors import LakehouseError
from lakehouse.settings import Settings
from streaming.desk.store.writing import SQLITE, begin, writing

FILE: Final = Path("desk") / "desk.sqlite"
MIGRATIONS: Final = Path(__file__).with_name("migrations")
# A commit of another process is over long before.
BUSY_MILLISECONDS: Final = 30_000
_POSTGRESQL: Final = "postgresql"


class StoreError(LakehouseError):
    """The desk's store cannot be opened or brought up to date."""

    exit_code = 5


def open_store(settings: Settings, root: Path) -> Engine:
    """The store of the settings, else the one in the lake's directory; made where there is none.

    Raises:
        StoreError: It cannot be reached or read, or a newer release wrote it.
    """
    url = _url(settings, root)
    engine = _engine(url)
    try:
        migrate(engine)
    except DBAPIError as error:
        # The cause is dropped: its text may hold the address with its password.
        msg = (
            f"cannot open the desk's store ({_told(url)}): {type(error.orig).__name__}; check that"
            " it runs and that the setting `desk_database` names it"
        )
        raise StoreError(msg) from None
    return engine


def migrate(engine: Engine) -> None:
    """Bring the tables up to this release, in one transaction; another start waits for it.

    Raises:
        StoreError: A newer release wrote them.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    with writing(engine) as connection:
        if engine.dialect.name == _POSTGRESQL:
            connection.exec_driver_sql("select pg_advisory_xact_lock(7350)")
        found = MigrationContext.configure(connection).get_current_revision()
        if found is not None and found not in {one.revision for one in scripts.walk_revisions()}:
            msg = (
                f"the desk's store has version {found}, of a newer release; run that one, or name"
                " another store in the setting `desk_database`"
            )
            raise StoreError(msg)
        if found != scripts.get_current_head():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _url(settings: Settings, root: Path) -> URL:
    if settings.desk_database is None:
        file = root / FILE
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return URL.create(SQLITE, database=str(file))
    try:
        url = make_url(settings.desk_database.get_secret_value())
    except ArgumentError:
        msg = "the setting `desk_database` is no SQLAlchemy URL such as postgresql://user@host/name"
        raise StoreError(msg) from None
    if url.get_backend_name() not in {SQLITE, _POSTGRESQL}:
        msg = f"the desk's store can be SQLite or PostgreSQL, not {url.get_backend_name()!r}"
        raise StoreError(msg)
    return url


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == _POSTGRESQL:
        # A connection that the server dropped is noticed before it is used, not by a case.
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=16,
            max_overflow=32,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10},
        )
    os.umask(0o077)
    engine = create_engine(
        url,
        pool_size=16,
        max_overflow=64,
        connect_args={"check_same_thread": False, "isolation_level": None},
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", begin)
    return engine


def _set_up(connection: Any, _record: object) -> None:  # noqa: ANN401 the driver's own
    """Every commit on the disk before it is told, and readers beside the writer."""
    connection.execute(f"pragma busy_timeout = {BUSY_MILLISECONDS}")
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma foreign_keys = on")


def _told(url: URL) -> str:
    """Where it is, without user and password."""
    return url.database or "" if url.get_backend_name() == SQLITE else f"{url.host}:{url.port}"
