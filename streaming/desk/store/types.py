"""The store's own column types: times and trees, the same in every engine.

Here: UTC times as whole microseconds, and JSON that may hold times. Not here: tables (models.py).
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import BigInteger, Dialect, LargeBinary, TypeDecorator

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)


class UtcTime(TypeDecorator[datetime]):
    """A time, stored as microseconds since 1970: SQLite has no times with a zone."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the store; a time without a zone is refused."""
        del dialect
        return None if value is None else (value - EPOCH) // _TICK

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From the store."""
        del dialect
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Tree(TypeDecorator[Any]):
    """Lists and mappings as JSON; times become text, as in every JSON."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ANN401 a tree
        """To the store."""
        del dialect
        return None if value is None else orjson.dumps(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:  # noqa: ANN401 a tree
        """From the store."""
        del dialect
        return None if value is None else orjson.loads(value)
