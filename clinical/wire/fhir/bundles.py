"""What a Bundle holds, and what becomes of it by the requests of its entries.

Here: Bundles of every type, their order, deletions. Not here: reading JSON (messages.py), or who
refers to whom (neighbours.py).

A message is taken whole or not at all: one entry that cannot be read quarantines its Bundle. An
entry of a type that is not used, or that nobody knows, does not. Nor does the deletion of something
that its Bundle does not tell: nobody knows whose row, and under which number, it takes back. It is
kept with its message, whose reason names it, and what else the Bundle says is read.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from clinical.wire.fhir.kinds import KINDS
from clinical.wire.fhir.messages import Unread, resource_in
from clinical.wire.fhir.neighbours import Located
from clinical.wire.fhir.reasons import DecodeError, Reason
from clinical.wire.fhir.references import addresses, take_apart, unversioned
from clinical.wire.fhir.resource_types import KNOWN, USED
from clinical.wire.fhir.resources import Bundle, Entry, Resource

RETRACTED = "entered-in-error"
# The types of which no row can ever have been: what deletes one of them takes nothing back.
_ROWLESS = (KNOWN - USED) | {kind.shape.__name__ for kind in KINDS if kind.read is None}


class Entered(Struct, frozen=True, gc=False):
    """One resource of a Bundle that is used; `retracted` by a later entry that deletes it."""

    resource: Resource
    url: str | None = None
    retracted: bool = False


class Opened(Struct, frozen=True, gc=False):
    """What was found in a Bundle; `entries` are in the order in which they became true.

    `others` are the addresses of resources that are not used: a subject among them is no patient.
    `deletes_unknown` says that something is gone of which the Bundle does not say what it was.
    """

    entries: list[Entered]
    others: frozenset[str]
    deletes_unknown: bool = False

    def located(self) -> list[Located]:
        """Its resources with their addresses."""
        return [Located(entry.resource, entry.url) for entry in self.entries]


def opened(bundle: Bundle) -> Opened:
    """The resources of a Bundle.

    Raises:
        DecodeError: As `resource_in`, nested_bundle, or unknown_deletion where nothing else is
            said.
    """
    found: list[Entered] = []
    others: set[str] = set()
    reasons: set[Reason] = set()
    untold: list[frozenset[str]] = []
    for entry in _in_order(bundle):
        if _deletes(entry):
            reasons |= _delete(entry, found, untold)
            continue
        resource = _resource_of(entry)
        if not isinstance(resource, Unread):
            found.append(Entered(resource, entry.full_url))
            continue
        reasons.add(resource.reason)
        if entry.full_url:
            others.add(unversioned(entry.full_url))
    deletes_unknown = bool(untold) and _is_any_untold(untold, found)
    if not found and deletes_unknown:
        raise DecodeError(Reason.UNKNOWN_DELETION)
    if not found and (worst := reasons - {Reason.RESOURCE_TYPE_NOT_USED}):
        raise DecodeError(min(worst))
    return Opened(found, frozenset(others), deletes_unknown)


def _resource_of(entry: Entry) -> Resource | Unread:
    """What an entry holds; of a type that nobody knows, that it is so."""
    try:
        resource = resource_in(entry.resource)
    except DecodeError as error:
        if error.reason is not Reason.UNKNOWN_RESOURCE_TYPE:
            raise
        return Unread(None, error.reason)
    if isinstance(resource, Bundle):
        raise DecodeError(Reason.NESTED_BUNDLE)
    return resource


def _in_order(bundle: Bundle) -> Iterator[Entry]:
    """Entries that carry a resource or delete one, oldest first: a history lists the newest first.

    The answers of a server stand in `response`, beside the resource they are about or without one.
    """
    entries = [entry for entry in bundle.entry or () if entry is not None]
    for entry in reversed(entries) if bundle.type == "history" else entries:
        if _deletes(entry) or (bytes(entry.resource) or b"null") != b"null":
            yield entry


def _deletes(entry: Entry) -> bool:
    return entry.request is not None and entry.request.method == "DELETE"


def _delete(entry: Entry, found: list[Entered], untold: list[frozenset[str]]) -> set[Reason]:
    """Take back what an entry deletes, or put it among what was not told before."""
    gone = _gone(entry)
    if not _has_rows(gone):
        return {Reason.RESOURCE_TYPE_NOT_USED}
    if not _retract(gone, found):
        untold.append(gone)
    return set()


def _gone(entry: Entry) -> frozenset[str]:
    """What an entry deletes, by every address that it names: `Type/id` where it can be told."""
    request = entry.request
    named = [unversioned(at) for at in (request and request.url, entry.full_url) if at]
    apart = (take_apart(at, None) for at in named)
    return frozenset([*named, *(f"{at.type}/{at.id}" for at in apart if at.type)])


def _has_rows(gone: frozenset[str]) -> bool:
    """Whether what is deleted may have given rows: also where its type cannot be told."""
    types = {take_apart(at, None).type for at in gone} - {None}
    return not types or not types <= _ROWLESS


def _retract(gone: frozenset[str], found: list[Entered]) -> bool:
    """Enter once more, in error, the last version known of what is deleted, if there is one."""
    for known in reversed(found):
        if gone.intersection(addresses(known.resource, known.url)):
            again = msgspec.structs.replace(known.resource, status=RETRACTED)
            found.append(Entered(again, known.url, retracted=True))
            return True
    return False


def _is_any_untold(deletions: list[frozenset[str]], found: list[Entered]) -> bool:
    """Whether one of these is of something that the Bundle tells nowhere, not even later."""
    told = {at for known in found for at in addresses(known.resource, known.url)}
    return any(told.isdisjoint(gone) for gone in deletions)
