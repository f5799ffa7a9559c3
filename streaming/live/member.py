"""A member: one process of a stream, alone or as one of several.

Here: what one process puts together, and in which order it starts and ends. Not here: the parts
themselves, the lock and the signals (running.py), or the other processes (cluster.py).
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bytewax.dataflow import Dataflow
from bytewax.testing import cluster_main

from clinical.detection.batch_clock import BatchClock
from clinical.wire.profile import FeedProfile
from lakehouse.cuts import Cut, cut
from lakehouse.errors import AppendError, LakehouseError
from lakehouse.feed_versions import FeedVersions
from lakehouse.lake import Lake
from lakehouse.lock import Holding
from lakehouse.settings import Settings
from lakehouse.tables import RAW_MESSAGES
from streaming.allocation import keep_freed_memory, leave_alone_what_lasts
from streaming.bearing import FoldFailedError
from streaming.dataflow import clinical_flow
from streaming.drift import Drift
from streaming.epochs import Epoch
from streaming.inbox.arrival import InboxDownError
from streaming.live import gaps
from streaming.live.decoding import Decoding
from streaming.live.health import Condition
from streaming.live.knowing import Knowing, last_heard
from streaming.live.listening import Listener
from streaming.live.opening import open_tail
from streaming.live.patience import Patience, passing_cause
from streaming.live.progress import Progress
from streaming.live.reaching import FIRST_WAIT_SECONDS, Reaching
from streaming.live.reloading import Reloading
from streaming.live.silence import Silence
from streaming.live.source import Hooks, LiveSource, Size
from streaming.live.stopping import Stopping
from streaming.live.suspects import Suspects
from streaming.live.tail import Place, Tail
from streaming.live.telling import Telling
from streaming.live.watch import Watch, Watched
from streaming.logs import log
from streaming.replay import run_to_end
from streaming.sink import LakeSink
from streaming.writer import Terms, Writer


class StreamFailedError(LakehouseError):
    """The dataflow failed with something nobody foresaw; the message names what was in flight."""


@dataclass(frozen=True, slots=True)
class Share:
    """Which of several processes this one is, and where all of them meet, on loopback."""

    process: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deployment:
    """What every process of a stream is given."""

    settings: Settings
    lake: Lake
    holding: Holding
    stopping: Stopping
    share: Share | None = None

    @property
    def is_first(self) -> bool:
        """Whether what one process does for all is this one's."""
        return self.share is None or self.share.process == 0


class Member:
    """One process of a stream."""

    def __init__(self, deployment: Deployment) -> None:
        """Nothing is opened yet."""
        self._deployment = deployment
        self._settings, self._lake = deployment.settings, deployment.lake
        self._progress = Progress()
        self._patience = Patience(deployment.stopping)
        self._telling = Telling(self._progress)
        self._reaching = Reaching()
        self._decoding = Decoding(self._lake)
        self._versions = FeedVersions(self._settings.feeds)
        self._reloading = Reloading(self._lake, self._versions)
        self._drift = Drift(self._lake)
        self._has_newcomers = False
        self.condition = Condition(self._patience, self._progress, self._reaching)
        self._failures: list[BaseException] = []
        self._reached: dict[Place, int] = {}
        self.has_ended = False

    def run(self) -> None:
        """Stream until there is a wish to stop.

        Raises:
            LakehouseError: The inbox, the lake or the dataflow failed.
        """
        keep_freed_memory()
        leave_alone_what_lasts()
        try:
            self._stream()
        finally:
            self.has_ended = True
        if self._failures:
            raise self._failures[0]
        log().info("stream_stopped")

    def _stream(self) -> None:
        """Stream; again from the start where there is more to read than before."""
        stopping, grown = self._deployment.stopping, True
        while grown and not stopping():
            self._versions.take_up_all()
            self._has_newcomers = False
            tail = self._reaching.opened(
                lambda: open_tail(self._settings, self._lake, self._versions), stopping
            )
            if tail is None:
                return
            with closing(tail):
                self._reload(tail)
                if tail.places():
                    self._flow(tail, self._versions)
                while not tail.places() and not (self._has_grown(tail) or stopping()):
                    # A flow without a part would end at once.
                    stopping.wait(FIRST_WAIT_SECONDS)
                    self._reload(tail)
                grown = self._has_grown(tail)
            self._stay_whole(grown=grown)

    def _has_grown(self, tail: Tail) -> bool:
        """Whether there is a partition, or a feed that can be read by now, that nobody reads."""
        return self._has_newcomers or tail.parts_changed()

    def _reload(self, tail: Tail) -> None:
        """See which profiles changed; messages of a feed without a usable one wait."""
        unread = frozenset(tail.unknown_feeds())
        waiting = unread.difference(self._versions.newcomers())
        self._heed(lambda: self._reloading.look(datetime.now(UTC), waiting))
        if unread.intersection(self._versions.newcomers()):
            self._has_newcomers = True

    @staticmethod
    def _heed(told: Callable[[], None]) -> None:
        """Write down what is beside the flow; what cannot be now is at the next look or start."""
        try:
            told()
        except AppendError as error:
            log().warning("watch_failed", error=type(error).__name__)

    def _stay_whole(self, *, grown: bool) -> None:
        """Several processes are started anew together: each may know of other places."""
        if grown and self._deployment.share is not None and not self._deployment.stopping():
            msg = (
                "the inbox has new partitions or feeds: start the stream again, and it reads them"
                " too"
            )
            raise InboxDownError(msg)

    def _flow(self, tail: Tail, profiles: Mapping[str, FeedProfile]) -> None:
        at = cut(self._lake)
        clock = BatchClock(ZoneInfo(self._settings.hospital_zone), self._settings.batch_hour)
        knowing = Knowing(self._lake, at, clock, profiles)
        if self._deployment.share is None:
            knowing.take_up(self._deployment.stopping)
        with Writer(self._lake, self._committed, self._terms()) as writer:
            size = Size(self._settings.batch_messages, self._settings.batch_milliseconds / 1_000)
            source = LiveSource(tail, at, profiles, size, self._hooks(tail, at))
            flow = clinical_flow(
                source,
                LakeSink(writer, list(tail.places()), self._telling.found, alerts_first=True),
                profiles=profiles,
                open_admission=knowing.admission,
                open_shard=knowing.shard,
                failed=self._failures.append,
                drift=self._drift,
            )
            with closing(Watch(self._watched(tail, source, profiles))):
                self.condition.writer = writer
                log().info("stream_started", fence=self._deployment.holding.fence)
                self._run(flow, writer)
        self._heed(self._drift.flush)

    def _terms(self) -> Terms:
        return Terms(
            allowed=self._deployment.holding.check,
            again=self._patience.again,
            took=self._telling.took,
            alerted=self._telling.stored,
        )

    def _hooks(self, tail: Tail, at: Cut) -> Hooks:
        lake, again = self._lake, self._patience.again
        return Hooks(
            stopping=lambda: self._deployment.stopping() or self._has_grown(tail),
            begins=self._reloading.begins,
            lost=lambda place, gap: gaps.write_down(lake, place, gap, again),
            damaged=lambda place, offsets: gaps.tell_damage(lake, place, offsets, again),
            pieces=Suspects(lake, at).pieces,
            released=self._progress.released,
            failed=self._failures.append,
            away=self._reaching.away,
            there=self._reaching.there,
        )

    def _watched(
        self, tail: Tail, source: LiveSource, profiles: Mapping[str, FeedProfile]
    ) -> Watched:
        listener = None
        if self._deployment.is_first:
            heard = last_heard(self._lake, profiles, datetime.now(UTC))
            listener = Listener(self._lake, tail, Silence(profiles, heard))
        return Watched(
            tail,
            places=lambda: source.built,
            reached=lambda place: self._reached.get(place, source.at.next_offset(*place) - 1),
            progress=self._progress,
            listener=listener,
            decoding=self._decoding,
            reload=lambda: self._reload(tail),
            drift=self._drift,
        )

    def _committed(self, epoch: Epoch) -> None:
        self._patience.over()
        self._reached[epoch.feed, epoch.partition] = epoch.upto
        self._telling.committed(epoch)
        messages = epoch.tables[RAW_MESSAGES.name]
        self._decoding.committed(epoch.feed, messages, datetime.now(UTC))

    def _run(self, flow: Dataflow, writer: Writer) -> None:
        epoch = timedelta(seconds=self._settings.epoch_seconds)
        share = self._deployment.share
        try:
            if share is None:
                run_to_end(flow, epoch)
            else:
                cluster_main(flow, list(share.addresses), share.process, epoch_interval=epoch)
            writer.finish()
        except Exception as error:
            self._explain(error, writer)

    def _explain(self, error: Exception, writer: Writer) -> None:
        """Raise what it was: the engine passes on little of what a step raised."""
        cause = next(iter(self._failures), None) or writer.failure or error
        if self._deployment.stopping() and passing_cause(cause):
            log().warning("stopped_before_drained", reason=self._patience.cause)
            return
        if isinstance(cause, FoldFailedError):
            Suspects(self._lake, cut(self._lake)).add(cause.place, cause.first, cause.last)
        if isinstance(cause, LakehouseError):
            raise cause from None
        msg = (
            f"the dataflow failed with {type(cause).__name__}; in flight were"
            f" {self._progress.in_flight()}: none of them is lost, the next start reads them again"
        )
        raise StreamFailedError(msg) from cause
