"""When FHIR messages were sent.

Here: the time of a message, for files that are read as if they came now. Not here: the times of
facts (found.py).
"""

from collections.abc import Iterable, Iterator
from typing import cast

import numpy as np
import pyarrow as pa

from clinical.wire.decoded import UTC
from clinical.wire.fhir.bundles import opened
from clinical.wire.fhir.kinds import KINDS
from clinical.wire.fhir.messages import Read, Unread, read
from clinical.wire.fhir.reasons import DecodeError
from clinical.wire.fhir.resources import Bundle, Resource
from clinical.wire.fhir.times import instants
from clinical.wire.profile import FeedProfile

_MOMENTS = {kind.shape: kind.moments for kind in KINDS}


def sent_at(
    messages: pa.BinaryArray | pa.LargeBinaryArray, profile: FeedProfile
) -> pa.TimestampArray:
    """When each message was sent: Bundle.timestamp, else the newest time of its resources.

    Null for a message without such a time, or that cannot be read.
    """
    seen = read([raw or b"" for raw in messages.to_pylist()], profile.limits.message_bytes)
    texts: list[str] = []
    places: list[int] = []
    for place, each in enumerate(seen):
        told = [text for text in _times(each) if text]
        texts += told
        places += [place] * len(told)
    return _newest(places, instants(texts, profile.zone), len(seen))


def _times(each: Read) -> Iterable[str | None]:
    """The times among which a message's newest is sought."""
    if type(each) is Unread:
        return ()
    if type(each) is Bundle:
        return (each.timestamp,) if each.timestamp else _times_in(each)
    return _times_of(cast("Resource", each))


def _times_in(bundle: Bundle) -> Iterator[str | None]:
    try:
        held = opened(bundle)
    except DecodeError:
        return
    for entry in held.entries:
        yield from _times_of(entry.resource)


def _times_of(resource: Resource) -> Iterable[str | None]:
    updated = resource.meta.last_updated if resource.meta else None
    return (updated, *_MOMENTS[type(resource)](resource))


def _newest(places: list[int], times: pa.TimestampArray, count: int) -> pa.TimestampArray:
    never = np.iinfo(np.int64).min
    newest = np.full(count, never, dtype=np.int64)
    known = times.cast(pa.int64()).fill_null(never).to_numpy(zero_copy_only=False)
    np.maximum.at(newest, np.asarray(places, dtype=np.int64), known)
    return pa.array(newest, mask=newest == never).cast(UTC)
