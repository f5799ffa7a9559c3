"""The URL of the extracts' database, and connections to it.

Here: what makes a URL usable, its name without credentials, and whether the database answers. Not
here: what is read (databases.py).

No message holds more of the URL than dialect, host, port and database.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from orchestration.legacy.errors import DatabaseDownError, DatabaseUrlError

CONNECT_SECONDS = 10
URL_MEND = "set it as postgresql://user:password@host:5432/database, with `@` in a password as %40"


def parsed(url: str) -> sa.URL:
    """The URL, with the driver that its bare dialect stands for.

    Raises:
        DatabaseUrlError: It is no URL, or would be taken apart wrongly.
    """
    where = "setting `extracts_url`"
    # An unescaped @ would put a part of the password where the host is expected, and show it.
    if url.count("@") > 1 and not url.startswith("sqlite"):
        raise DatabaseUrlError(where, "it has more than one @", URL_MEND)
    try:
        made = sa.make_url(url)
    except (ArgumentError, ValueError):
        made = None
    if made is None:
        raise DatabaseUrlError(where, "it is no URL of a database", URL_MEND)
    # Which driver the bare name means changed between releases of SQLAlchemy.
    return made.set(drivername="postgresql+psycopg") if _is_postgresql(made) else made


def _is_postgresql(url: sa.URL) -> bool:
    return url.drivername in ("postgresql", "postgres")


def place_of(url: sa.URL) -> str:
    """Dialect, host, port and database: what may be shown."""
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or ''}{port}/{url.database or ''}"


@contextmanager
def opened(url: sa.URL) -> Iterator[sa.Connection]:
    """A connection, closed in the end.

    Raises:
        DatabaseUrlError: Its driver is not installed, or does not take the options.
        DatabaseDownError: It does not answer, or does not let us in.
    """
    place = place_of(url)
    engine = _engine(url, place)
    try:
        connection = _connected(engine, url)
        if connection is None:
            raise DatabaseDownError(
                place,
                "it does not answer, or does not let us in",
                "start it, and see that host, user and password in `extracts_url` are right",
            )
        with connection:
            yield connection
    finally:
        engine.dispose()


def _engine(url: sa.URL, place: str) -> sa.Engine:
    options = {"connect_timeout": CONNECT_SECONDS} if "psycopg" in url.drivername else {}
    try:
        return sa.create_engine(
            url, poolclass=sa.NullPool, connect_args=options, hide_parameters=True
        )
    except (ModuleNotFoundError, NoSuchModuleError):
        what = f"the driver of {url.drivername} is not installed"
    except (SQLAlchemyError, TypeError, ValueError):
        what = "the driver does not take its options"
    raise DatabaseUrlError(place, what, "install pulsehouse[postgresql], or mend `extracts_url`")


def _connected(engine: sa.Engine, url: sa.URL) -> sa.Connection | None:
    # SQLite makes an empty database of a name that is not there.
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return None
    try:
        return engine.connect()
    except SQLAlchemyError:
        return None
