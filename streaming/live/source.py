"""The live source: batches of whatever an inbox has beyond the lake's cut.

Here: where each part starts, what it releases when, what it does about a gap, and its end. Not
here: the inbox (tail.py), or the wish to stop (stopping.py).

A part's position is the lake's cut, never a recovery store: what was read and not committed is read
again by the next process.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from clinical.wire.profile import FeedProfile
from lakehouse.cuts import Cut
from lakehouse.failpoints import reach
from streaming.batches import Messages
from streaming.inbox.arrival import InboxDownError
from streaming.inbox.journal_reading import DAMAGED
from streaming.live.dating import dated
from streaming.live.rhythm import Rhythm
from streaming.live.tail import Gap, Place, Tail

# About the most that one batch holds; a single message may be bigger.
BATCH_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Size:
    """Most messages of one batch, and the longest time that one waits for others."""

    messages: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a source asks and tells while it runs.

    Args:
        stopping: Whether to end now; what was released is then committed, and no more is read.
        begins: Told of a place and an offset before anything from there on is read.
        lost: Told of a gap before anything beyond it is released; on return it is written down.
        damaged: Told of messages that are not what was stored; the dataflow quarantines them.
        pieces: A batch as it may be released.
        released: Told of every batch.
        failed: Told what the source fails with, which the engine may not pass on.
        away: Told of an inbox that does not answer; it is asked again.
        there: Told that it answers.
    """

    stopping: Callable[[], bool]
    begins: Callable[[Place, int], None] = lambda _place, _offset: None
    lost: Callable[[Place, Gap], None] = lambda _place, _gap: None
    damaged: Callable[[Place, Sequence[int]], None] = lambda _place, _offsets: None
    pieces: Callable[[Messages], Iterable[Messages]] = lambda messages: (messages,)
    released: Callable[[Messages], None] = lambda _: None
    failed: Callable[[BaseException], None] = lambda _: None
    away: Callable[[InboxDownError], None] = lambda _: None
    there: Callable[[], None] = lambda: None


class LiveSource(FixedPartitionedSource[Messages, None]):
    """An inbox as a Bytewax source, one part per place. It ends only when it is told to.

    Args:
        tail: The inbox as it is read.
        at: The lake's cut: each place is read from the offset after it.
        profiles: The profile of every feed.
        size: Most that one batch gathers.
        hooks: What it asks and tells.
    """

    def __init__(
        self, tail: Tail, at: Cut, profiles: Mapping[str, FeedProfile], size: Size, hooks: Hooks
    ) -> None:
        self.tail, self.at, self.profiles = tail, at, profiles
        self.batch, self.hooks = size.messages, hooks
        self._rhythm = Rhythm(tail.changed, size.seconds)
        self.built: list[Place] = []

    def list_parts(self) -> list[str]:
        """One part per place, named as the sink's are: so both are in the same process."""
        return [f"{feed}/{partition}" for feed, partition in sorted(self.tail.places())]

    def build_part(self, _step_id: str, for_part: str, _resume: None) -> "_LivePart":
        """The part of one place; the first of a process rests for all of them."""
        feed, _, partition = for_part.rpartition("/")
        place = (feed, int(partition))
        self.built.append(place)
        return _LivePart(self, self._rhythm, place, rests=len(self.built) == 1)


class _LivePart(StatefulSourcePartition[Messages, None]):
    def __init__(self, source: LiveSource, rhythm: Rhythm, place: Place, *, rests: bool) -> None:
        self._source = source
        self._rhythm = rhythm
        self._place = place
        self._rests = rests
        self._offset = source.at.next_offset(*place)
        self._known = 0
        # A whole batch was there: waiting would gather no more.
        self._has_more = False
        self._held_since: float | None = None

    def next_batch(self) -> Sequence[Messages]:
        if self._source.hooks.stopping():
            raise StopIteration
        if self._is_held():
            return ()
        changes = self._rhythm.look()
        if changes == self._known:
            if self._rests:
                self._rhythm.rest()
            return ()
        try:
            found = self._read()
            self._source.hooks.there()
        except InboxDownError as error:
            self._source.hooks.away(error)
            found = ()
        except BaseException as error:
            self._source.hooks.failed(error)
            raise
        if found:
            self._rhythm.released()
        else:
            self._known = changes
        return found

    def _is_held(self) -> bool:
        if not self._has_more and self._rhythm.is_held(self._held_since):
            if self._held_since is None:
                self._held_since = self._rhythm.now()
            return True
        self._held_since = None
        return False

    def _read(self) -> Sequence[Messages]:
        found = self._beyond_gaps()
        self._has_more = found is not None and len(found.raw) == self._source.batch
        if found is None:
            return ()
        self._offset = found.last_offset + 1
        reach("stream.read")
        hooks = self._source.hooks
        hooks.begins(self._place, found.first_offset)
        if damaged := _damaged(found):
            hooks.damaged(self._place, damaged)
        pieces = list(hooks.pieces(dated(found, self._source.profiles[found.feed])))
        for piece in pieces:
            hooks.released(piece)
        return pieces

    def _beyond_gaps(self) -> Messages | None:
        source = self._source
        while True:
            found = source.tail.read(self._place, self._offset, source.batch, BATCH_BYTES)
            if not isinstance(found, Gap):
                return found
            source.hooks.lost(self._place, found)
            self._offset = found.last + 1

    def snapshot(self) -> None:
        return None

    def close(self) -> None:
        """The tail is closed by its owner."""


def _damaged(messages: Messages) -> Sequence[int]:
    """Offsets of messages whose bytes are not those that were stored."""
    if messages.rejects is None or messages.rejects.null_count == len(messages.rejects):
        return []
    flags = pc.fill_null(pc.equal(messages.rejects, DAMAGED), False)
    found: list[int] = messages.offsets[flags.to_numpy(zero_copy_only=False)].tolist()
    return found
