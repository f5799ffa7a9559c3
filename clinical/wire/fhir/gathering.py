"""A batch put together: its resources by type, and what is said of each message.

Here: Bundles opened, resources grouped, the columns of the ledger that every message has. Not here:
reading JSON (messages.py), or what becomes of a group (found.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from clinical.wire.fhir.bundles import Entered, opened
from clinical.wire.fhir.contained import Outside, inner, may_hold
from clinical.wire.fhir.groups import Context, Group
from clinical.wire.fhir.identities import Naming
from clinical.wire.fhir.messages import Read, Unread
from clinical.wire.fhir.neighbours import Neighbours
from clinical.wire.fhir.reasons import DecodeError, Reason
from clinical.wire.fhir.references import MalformedError
from clinical.wire.fhir.resources import Bundle, Resource

Groups = dict[type[Resource], Group[Resource]]


@dataclass(slots=True)
class Gathered:
    """The resources of a batch, and the messages that cannot be understood, with the reason.

    Of messages in `partly` one thing is not understood, and the rest stands.
    """

    groups: Groups = field(default_factory=dict)
    refused: dict[int, Reason] = field(default_factory=dict)
    partly: dict[int, Reason] = field(default_factory=dict)
    places: int = 0

    def enter_whole(self, entry: Entered, message: int, context: Context, outside: Outside) -> None:
        """Put a resource into the group of its type, and behind it what it holds."""
        self.enter(entry.resource, message, context, entry.url, retracted=entry.retracted)
        if not entry.resource.contained:
            return
        try:
            for one in inner(entry.resource, entry.url, outside):
                self.enter(one.resource, message, context, one.url, retracted=entry.retracted)
        except DecodeError as error:
            self.refused.setdefault(message, error.reason)
        except MalformedError:
            self.refused.setdefault(message, Reason.WRONG_SHAPE)

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
        resources = cast("list[Resource]", read)
        if not any(map(may_hold, [each for each in resources if each.contained])):
            return Gathered({kind: _uniform(resources, alone)}, places=len(read))
    found = Gathered()
    for message, each in enumerate(read):
        # Asked by the type itself: `isinstance` costs far more, and this is asked of every message.
        if type(each) is Unread:
            if not each.skipped:
                found.refused[message] = each.reason
        elif type(each) is Bundle:
            _open(each, message, naming, found)
        else:
            found.enter_whole(Entered(cast("Resource", each)), message, alone, Outside())
    return found


def _uniform(resources: list[Resource], alone: Context) -> Group[Resource]:
    """A batch as a file of one type gives it."""
    count = len(resources)
    # Never added to, and read as a list is: a range costs nothing.
    rows = cast("list[int]", range(count))
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
    if held.deletes_unknown:
        found.partly[message] = Reason.UNKNOWN_DELETION
    context = Context(known, bundle.timestamp)
    outside = Outside([entry.resource for entry in held.entries])
    for entry in held.entries:
        found.enter_whole(entry, message, context, outside)
