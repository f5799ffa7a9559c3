"""The live side of open pages: one look at the store for all of them, at most once a second.

Here: subscriptions, and the one task that tells them. Not here: what they hear (fragments.py), or
the route (event_pages.py).

A page says the number of the last change it shows. What came after is told at once, or, where that
is too much, that it should read itself anew; then it hears of every change once, in order.
"""

import asyncio
import json
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from fastapi.concurrency import run_in_threadpool
from jinja2 import Environment

from streaming.desk.case_rows import CaseRow, Change
from streaming.desk.desk import Desk
from streaming.desk.pages.audiences import Audience, News
from streaming.desk.pages.early import Early
from streaming.desk.pages.fragments import Fragments, Message
from streaming.desk.pages.surroundings import picture_of
from streaming.desk.scopes import Scope

# A shorter look costs more reads of the store, a longer one is felt.
LOOK: Final = 0.25
# Boards change at most so often: a list that jumps cannot be read.
CALM: Final = 1.0
# A page that hears nothing for three of these says that it is not live.
PULSE: Final = 2.0
# A hospital of which no message at all comes for so long is one whose feeds are down.
LATE: Final = timedelta(minutes=15)
# A page that missed more than this reads itself anew.
GAP: Final = 500
# So many messages wait for a slow browser; then it reads itself anew.
_WAITING: Final = 16


# Writes down that each of the subscriptions is shown the alerts of its message.
Seen = Callable[[Mapping["Subscription", Message], Mapping[str, CaseRow]], None]


@dataclass(eq=False, slots=True)
class Subscription:
    """One open page."""

    audience: Audience
    viewer: str
    messages: "asyncio.Queue[Message]" = field(
        default_factory=lambda: asyncio.Queue(maxsize=_WAITING)
    )
    seen: set[str] = field(default_factory=set)

    def put(self, message: Message) -> None:
        """Let it hear; who is too slow reads everything anew instead."""
        try:
            self.messages.put_nowait(message)
        except asyncio.QueueFull:
            while not self.messages.empty():
                self.messages.get_nowait()
            self.messages.put_nowait(Message("whole", "", message.number))


class Live:
    """All open pages of one process."""

    def __init__(self, desk: Desk, templates: Environment, seen: Seen) -> None:
        """Nobody looks yet."""
        self._desk = desk
        self._templates = templates
        self._seen = seen
        self._subscriptions: set[Subscription] = set()
        self._task: asyncio.Task[None] | None = None
        self._number = 0
        self._early = Early(desk)

    async def join(self, audience: Audience, viewer: str, since: int | None) -> Subscription:
        """Begin to hear, from the change after `since` on."""
        joined = Subscription(audience, viewer)
        if self._task is None or self._task.done():
            self._number = await run_in_threadpool(self._desk.cases.newest_change)
        upto = self._number
        self._subscriptions.add(joined)
        joined.put(self._pulse())
        if since is not None and since != upto:
            found = await run_in_threadpool(self._missed, audience, since, upto)
            if found is not None:
                joined.put(found)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return joined

    def leave(self, left: Subscription) -> None:
        """Hear no more."""
        self._subscriptions.discard(left)

    async def _run(self) -> None:
        pulsed = told = 0.0
        while self._subscriptions:
            await asyncio.sleep(LOOK)
            now = time.monotonic()
            if now - told >= CALM and await run_in_threadpool(self._is_new):
                told = now
                await self._tell()
            if now - pulsed >= PULSE:
                pulsed = now
                self._spread(dict.fromkeys(self._subscriptions, self._pulse()))

    async def _tell(self) -> None:
        joined = tuple(self._subscriptions)
        audiences = {one.audience for one in joined}
        number, messages, cases = await run_in_threadpool(self._heard, audiences)
        told = {one: found for one in joined if (found := messages.get(one.audience)) is not None}
        await run_in_threadpool(self._seen, told, cases)
        self._number = number
        self._spread(told)

    def _heard(
        self, audiences: Collection[Audience]
    ) -> tuple[int, Mapping[Audience, Message], Mapping[str, CaseRow]]:
        changes = [*self._early.due(), *self._desk.cases.changes_since(self._number)]
        if len(changes) > GAP:
            number = self._desk.cases.newest_change()
            return number, {one: Message("whole", "", number) for one in audiences}, {}
        news = self._news(changes)
        news = replace(news, number=max(news.number, self._number))
        # Before they are rendered: what the picture learns in between is told once more.
        self._early.told(changes, news.cases.values())
        made = Fragments.of(self._desk, self._templates, news, audiences)
        found = {one: made.message(one) for one in audiences}
        told = {one: message for one, message in found.items() if message is not None}
        return news.number, told, news.cases

    def _missed(self, audience: Audience, since: int, upto: int) -> Message | None:
        if since > upto:
            return Message("whole", "", upto)
        changes = [one for one in self._desk.cases.changes_since(since) if one.number <= upto]
        if len(changes) > GAP:
            return Message("whole", "", upto)
        news = self._news(changes)
        return Fragments.of(self._desk, self._templates, news, [audience]).message(audience)

    def _news(self, changes: list[Change]) -> News:
        cases = self._desk.cases
        number = max((one.number for one in changes), default=self._number)
        found = cases.several(list(dict.fromkeys(one.alert_id for one in changes)))
        return News(number, tuple(changes), found, cases.counts(Scope(None)))

    def _is_new(self) -> bool:
        return self._desk.cases.newest_change() > self._number or bool(self._early.due())

    def _pulse(self) -> Message:
        now, picture = self._desk.clock.now(), picture_of(self._desk)
        as_of = picture.as_of(now) if picture else None
        told = {
            "now": now.isoformat(),
            "as_of": as_of.isoformat() if as_of else None,
            "behind": as_of is not None and now - as_of > LATE,
        }
        return Message("pulse", json.dumps(told))

    @staticmethod
    def _spread(told: Mapping[Subscription, Message]) -> None:
        for one, message in told.items():
            one.put(message)
