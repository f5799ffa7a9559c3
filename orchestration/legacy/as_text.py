"""A database's values as text, losing nothing.

Here: one text per type of value that drivers give, the same for every database. A value without a
text of its own is refused: what it would look like is for a view to say. Not here: reading
(databases.py).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

import pyarrow as pa


class NotTextError(ValueError):
    """A value has no text of its own; `kind` is its type, never the value."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def _of_datetime(value: datetime) -> str:
    return value.isoformat(" ")


def _of_decimal(value: Decimal) -> str:
    # Not str(): that writes large exponents, and a reader may know no exponents.
    return format(value, "f")


# By the exact type: a bool is an int to `isinstance`. A float's repr is the shortest text that
# gives the same float again.
TEXTS: Mapping[type, Callable[..., str]] = {
    str: str,
    bool: lambda value: "true" if value else "false",
    int: str,
    float: repr,
    Decimal: _of_decimal,
    date: date.isoformat,
    datetime: _of_datetime,
    time: time.isoformat,
    UUID: str,
}


def text_column(values: Sequence[object]) -> pa.Array:
    """Values of one column as text; null stays null.

    Raises:
        NotTextError: A value has no text of its own.
    """
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {str}:
        return pa.array(values, pa.string())
    for kind in kinds:
        if kind not in TEXTS:
            raise NotTextError(kind.__name__)
    texts = [None if value is None else TEXTS[type(value)](value) for value in values]
    return pa.array(texts, pa.string())
