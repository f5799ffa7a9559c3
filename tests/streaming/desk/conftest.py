"""What the tests of the desk share: a PostgreSQL that is started once.

Here: fixtures. Not here: factories (desks.py, sinks.py, stores.py).
"""

import pytest

from tests.streaming.desk.desks import desk_at
from tests.streaming.desk.stores import fresh_database, server


@pytest.fixture(scope="session")
def postgresql():
    """The URL of a running server."""
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def either_store(request, tmp_path):
    """Settings of a desk in either kind of store."""
    if request.param == "sqlite":
        return {"desk_database": f"sqlite:///{tmp_path / 'desk.sqlite'}"}
    return {"desk_database": fresh_database(request.getfixturevalue("postgresql"))}


@pytest.fixture
def either_desk(tmp_path, either_store):
    """A desk over either kind of store."""
    with desk_at(tmp_path, **either_store) as desk:
        yield desk
