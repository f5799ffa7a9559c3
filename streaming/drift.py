"""Drift: a feed that sends what it did not send before is noticed, and never stopped.

Here: which elements of a batch are new to their feed, what counts as news, and handing them to the
ledger. Not here: the ledger (lakehouse/feed_elements.py), or the elements of a message
(clinical/wire).

What costs nothing is looked at whole: the names of segments, and the codes that normalisation was
asked for. Of fields, and of FHIR's elements, each batch shows some, and other ones each time. Each
element is one event per feed, for good: what was recorded before a restart, or replayed, is known.

News is what neither the feed's list of known elements nor, where it has none, its first day had.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from clinical.normalise.coding import asked
from clinical.wire.elements import code_names, kind_of, named
from clinical.wire.fhir.elements import elements as fhir_elements
from clinical.wire.hl7.elements import Elements
from clinical.wire.profile import FeedProfile
from lakehouse import feed_elements
from lakehouse.feed_elements import Seen, record_elements
from lakehouse.lake import Lake
from streaming.batches import Messages, Understood
from streaming.logs import log
from streaming.metrics import DRIFT

# What a feed sends within this of its first message is what it sends.
GRACE: Final = timedelta(days=1)
# Beyond so many elements of a feed nothing more is noticed: a sender that numbers its codes.
MOST: Final = 20_000
# FHIR messages of one batch that are looked at, and how long one may be.
FHIR_LOOKED_AT: Final = 4
FHIR_BYTES: Final = 64 * 1024
# Up to so many texts are told apart faster one by one.
FEW: Final = 256
# News of one round that get a log line each.
TOLD: Final = 20


@dataclass(slots=True)
class _Feed:
    """What is known of one feed."""

    known: set[str]
    began: datetime | None
    shapes: Elements
    told: list[Seen] = field(default_factory=list)
    codings: tuple[int, int] = (0, 0)  # the profile they are of, and how many were looked at
    turn: int = 0


class Drift:
    """Asked by the dataflow's thread; whoever flushes may be another."""

    def __init__(self, lake: Lake) -> None:
        """Take up what is recorded."""
        self._lake = lake
        self._lock = threading.Lock()
        self._is_blind = False
        self._feeds: dict[str, _Feed] = {}
        known: dict[str, set[str]] = {}
        self._began: dict[str, datetime] = {}
        for row in feed_elements.elements(lake).to_pylist():
            known.setdefault(row["feed"], set()).add(row["element"])
            at = row["first_seen_at"].astimezone(UTC)
            self._began[row["feed"]] = min(at, self._began.get(row["feed"], at))
        self._known = known

    def shapes(self, batch: Understood, profile: FeedProfile) -> None:
        """Look at a decoded batch."""
        self._bear(self._shapes, batch, profile)

    def codes(self, batch: Understood, profile: FeedProfile) -> None:
        """Look at the codes and units of a batch that was normalised."""
        self._bear(self._codes_and_units, batch, profile)

    def _bear(
        self,
        look: Callable[[Understood, FeedProfile], None],
        batch: Understood,
        profile: FeedProfile,
    ) -> None:
        """Look, unless looking failed once: a defect here must not stop a feed."""
        if self._is_blind:
            return
        try:
            look(batch, profile)
        except Exception as error:
            self._is_blind = True
            log().error("drift_failed", feed=profile.name, error=type(error).__name__)

    def _shapes(self, batch: Understood, profile: FeedProfile) -> None:
        feed = self._feed(profile)
        found = [element for index in batch.decoded.indexes for element in feed.shapes.news(index)]
        found += _types(batch, profile)
        for index in batch.decoded.indexes:
            texts = _distinct(index.headers().text(12))
            found += [named(profile.format, "version", text) for text in texts]
        if profile.format == "fhir":
            found += self._fhir(feed, batch.messages.raw)
        self._note(feed, found, batch.messages, profile)

    def _codes_and_units(self, batch: Understood, profile: FeedProfile) -> None:
        feed = self._feed(profile)
        found = [*self._codes(feed, profile), *_units(batch, profile)]
        self._note(feed, found, batch.messages, profile)

    def flush(self) -> None:
        """Record what was found since the last time, and tell of what is news.

        Raises:
            AppendError: It could not be stored; the next time tries again.
        """
        for name, feed in list(self._feeds.items()):
            with self._lock:
                found = list(feed.told)
            if not found:
                continue
            fresh = [one for one in record_elements(self._lake, name, found) if one.is_new]
            with self._lock:
                del feed.told[: len(found)]
            for one in fresh:
                DRIFT.labels(name, one.kind).inc()
            for one in fresh[:TOLD]:
                log().warning("schema_drift", feed=name, kind=one.kind, subject=one.element)

    def _feed(self, profile: FeedProfile) -> _Feed:
        feed = self._feeds.get(profile.name)
        if feed is None:
            known = self._known.pop(profile.name, set())
            feed = _Feed(known, self._began.get(profile.name), Elements(known))
            self._feeds[profile.name] = feed
        return feed

    def _codes(self, feed: _Feed, profile: FeedProfile) -> Iterator[str]:
        """The names of codes that normalisation met for the first time."""
        codes = asked(profile)
        whose, count = feed.codings
        if whose != id(profile) or count > len(codes):
            count = 0
        if count != len(codes):
            for system, code, *_ in list(islice(codes, count, None)):
                yield from code_names(profile.format, system, code)
        feed.codings = (id(profile), len(codes))

    @staticmethod
    def _fhir(feed: _Feed, raw: pa.Array) -> Iterator[str]:
        for _ in range(min(FHIR_LOOKED_AT, len(raw))):
            one = raw[feed.turn % len(raw)].as_py() or b""
            feed.turn += 1
            if len(one) <= FHIR_BYTES:
                yield from sorted(fhir_elements(one))

    def _note(
        self, feed: _Feed, found: Iterable[str], messages: Messages, profile: FeedProfile
    ) -> None:
        new = [element for element in dict.fromkeys(found) if element not in feed.known]
        if not new or len(feed.known) > MOST:
            return
        at = messages.received_at[0].as_py().astimezone(UTC)
        feed.began = feed.began or at
        feed.known.update(new)
        in_grace = not profile.known and at < feed.began + GRACE
        with self._lock:
            feed.told += [
                Seen(
                    element,
                    kind_of(element),
                    not in_grace and _is_news(element, new, profile),
                    at,
                    messages.partition,
                    messages.first_offset,
                )
                for element in new
            ]


def _is_news(element: str, beside: list[str], profile: FeedProfile) -> bool:
    """Whether an element says something that its segment or resource does not say already."""
    if element in profile.known:
        return False
    segment = element.partition(" ")[0].partition("-")[0].partition(".")[0]
    if segment in profile.segments:
        return False
    return element == segment or " " in element or segment not in beside


def _types(batch: Understood, profile: FeedProfile) -> list[str]:
    if profile.format != "hl7v2":
        return []
    kinds = _distinct(batch.decoded.messages["message_type"])
    return [named(profile.format, "type", kind) for kind in kinds]


def _units(batch: Understood, profile: FeedProfile) -> list[str]:
    rows = batch.decoded.facts.get("observations")
    if rows is None:
        return []
    units = _distinct(rows["unit_as_sent"])
    return [named(profile.format, "unit", unit) for unit in units]


def _distinct(column: pa.Array | pa.ChunkedArray) -> list[str]:
    """The texts of a column, once each."""
    few = len(column) <= FEW
    texts = dict.fromkeys(column.to_pylist()) if few else pc.unique(column).to_pylist()
    return [text for text in texts if text]
