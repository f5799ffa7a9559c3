"""What a kind of resource is to this room.

Here: `Kind`. Not here: the kinds there are (kinds.py).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from clinical.wire.fhir.found import Found, Rows
from clinical.wire.fhir.resources import Resource


def _no_moments(_: Any) -> Iterable[str | None]:  # noqa: ANN401 - a resource of any kind
    return ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of resource: its shape, and the rows it becomes.

    One without a reader is looked up by others of its message and gives no rows itself. One that is
    not `owned` may be about nobody, and then says nothing. `moments` are its own times, for dating
    a message that does not say when it was sent.
    """

    shape: type[Resource]
    read: Callable[[Found[Any]], Iterator[Rows]] | None
    moments: Callable[[Any], Iterable[str | None]] = _no_moments
    owned: bool = True
