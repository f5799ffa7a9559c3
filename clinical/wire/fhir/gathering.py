"""A batch put together: its resources by type, and what is said of each message.

Here: Bundles opened, resources grouped, the columns of the ledger that every message has. Not here:
reading JSON (messages.py), or what becomes of a group (found.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from clinical.wire.fhir.bundles import opened
from clinical.wire.fhir.groups import Context, Group
from clinical.wire.fhir.identities import Naming
from clinical.wire.fhir.messages import Read
from clinical.wire.fhir.neighbours import Neighbours
from clinical.wire.fhir.reasons import DecodeError, Reason
from clinical.wire.fhir.references import MalformedError
from clinical.wire.fhir.resources import Bundle, Resource

Groups = dict[type[Resource], Group[Resource]]


@dataclass(slots=True)
class Gathered:
    """The resources of a batch, and the messages that cannot be understood, with the reason."""

    groups: Groups = field(default_factory=dict)
    refused: dict[int, Reason] = field(default_factory=dict)
    places: int = 0

    def enter(
        self, resource: Resource, message: int, context: Context, url: str | None = None,
        *, retracted: bool = False,
    ) -> None:  # fmt: skip
        """Put a resource into the group of its type."""
        group = self.groups.setdefault(type(resource), Group())
        group.add(resource, message, self.places, url, context, retracted=retracted)
        self.places += 1


def gather(read: Sequence[Read], naming: Naming) -> Gathered:
    """What a batch holds.

    Args:
        read: One per message.
        naming: How the feed names patients.
    """
    alone = Context(Neighbours(naming), alone=True)
    kinds = set(map(type, read))
    if len(kinds) == 1 and issubclass(kind := kinds.pop(), Resource):
        return Gathered({kind: _uniform(read, alone)}, places=len(read))
    found = Gathered()
    for message, each in enumerate(read):
        if isinstance(each, Resource):
            found.enter(each, message, alone)
        elif isinstance(each, Bundle):
            _open(each, message, naming, found)
        elif not each.skipped:
            found.refused[message] = each.reason
    return found


def _uniform(read: Sequence[Read], alone: Context) -> Group[Resource]:
    """A batch as a file of one type gives it."""
    count = len(read)
    rows = list(range(count))
    resources = cast("list[Resource]", list(read))  # the caller has looked
    return Group(resources, rows, rows, [None] * count, [False] * count, [alone] * count)


def _open(bundle: Bundle, message: int, naming: Naming, found: Gathered) -> None:
    try:
        held = opened(bundle)
        known = Neighbours(naming, held.located(), held.others)
    except DecodeError as error:
        found.refused[message] = error.reason
        return
    except MalformedError:
        found.refused[message] = Reason.WRONG_SHAPE
        return
    context = Context(known, bundle.timestamp)
    for entry in held.entries:
        found.enter(entry.resource, message, context, entry.url, retracted=entry.retracted)
