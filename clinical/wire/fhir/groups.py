"""A batch's resources of one type, each with what stands around it in its message.

Here: `Group` and `Context`. Not here: how they are filled (gathering.py), or what is read from them
(found.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from clinical.wire.fhir.neighbours import Neighbours
from clinical.wire.fhir.resources import Resource

R = TypeVar("R", bound=Resource)


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around a resource in its message: its neighbours, and when it was sent.

    One that is `alone` is a message by itself: what refers to it knows only its id.
    """

    known: Neighbours
    sent: str | None = None
    alone: bool = False


@dataclass(slots=True)
class Group(Generic[R]):
    """Resources of one type, in the order of their messages; item n of each list belongs together.

    `places` order the resources of all groups. `retracted` ones were deleted by a later entry of
    their message. `outside` says that each is alone in its message.
    """

    resources: list[R] = field(default_factory=list)
    messages: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    urls: list[str | None] = field(default_factory=list)
    retracted: list[bool] = field(default_factory=list)
    contexts: list[Context] = field(default_factory=list)
    outside: bool = True

    def add(
        self, resource: R, message: int, place: int, url: str | None, context: Context,
        *, retracted: bool = False,
    ) -> None:  # fmt: skip
        """Put one resource behind the others."""
        self.resources.append(resource)
        self.messages.append(message)
        self.places.append(place)
        self.urls.append(url)
        self.retracted.append(retracted)
        self.contexts.append(context)
        self.outside = self.outside and context.alone

    def select(self, rows: Sequence[int]) -> "Group[R]":
        """These rows of it."""
        return Group(
            [self.resources[row] for row in rows],
            [self.messages[row] for row in rows],
            [self.places[row] for row in rows],
            [self.urls[row] for row in rows],
            [self.retracted[row] for row in rows],
            [self.contexts[row] for row in rows],
            self.outside,
        )
