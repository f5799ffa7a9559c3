"""Many senders wait for one fsync, and each is told what became of its message."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks import ward
from lakehouse.feeds import load_profile
from streaming import poison
from streaming.gateway.intake import Intake, Receipt
from streaming.inbox.arrival import Arrival, InboxFailedError
from streaming.inbox.journal import Journal
from streaming.inbox.journal_files import NAME
from streaming.inbox.journal_reading import JournalReader

PROFILE = load_profile(ward.FEED)
PROFILES = {ward.FEED: PROFILE, "other": replace(PROFILE, name="other")}
BROKEN = {ward.FEED: replace(PROFILE, zone="Nowhere/At_All")}
GOOD = list(ward.messages(60, ward.Ward(patients=7, interval=timedelta(seconds=1))))
STORED = Receipt(stored=True)
REFUSED = Receipt(stored=False)
PATIENCE = 180


class Office:
    """An intake on a journal, and the receipts that senders were given."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake

    async def send(self, *arrivals: Arrival) -> list[Receipt]:
        """Submit together; gives the receipts in the order in which they were told."""
        told: asyncio.Queue[tuple[int, Receipt]] = asyncio.Queue()
        for number, one in enumerate(arrivals):
            self.intake.submit(
                one, lambda receipt, number=number: told.put_nowait((number, receipt))
            )
        async with asyncio.timeout(PATIENCE):
            found = [await told.get() for _ in arrivals]
        assert [number for number, _ in found] == list(range(len(arrivals)))
        return [receipt for _, receipt in found]


def arrival(raw: bytes, feed: str = ward.FEED, **more) -> Arrival:
    return Arrival(feed, raw, 1_767_600_000_000_000, "mllp", **more)


def served(
    directory: Path,
    work: Callable[[Office], Awaitable[None]],
    profiles=PROFILES,
    limit: int = 1 << 30,
) -> None:
    """Run some work against an intake of a journal."""

    async def serve() -> None:
        journal = Journal(directory, limit=limit, first={})
        intake = Intake(journal, profiles, asyncio.get_running_loop())
        try:
            await work(Office(intake))
        finally:
            await asyncio.to_thread(intake.close)
            journal.close()

    asyncio.run(serve())


def stored(directory: Path, feed: str = ward.FEED) -> tuple[list[bytes], list[str | None]]:
    reader = JournalReader(directory)
    found = reader.read(feed, 0, 10_000, 1 << 40)
    reader.close()
    return found.raw.to_pylist(), found.rejects.to_pylist()


def test_what_is_told_as_stored_is_in_the_inbox_in_order(tmp_path):
    async def work(office: Office) -> None:
        assert await office.send(*map(arrival, GOOD)) == [STORED] * len(GOOD)

    served(tmp_path, work)
    assert stored(tmp_path) == (GOOD, [None] * len(GOOD))


def test_the_reason_told_is_the_decoder_s_or_the_road_s(tmp_path):
    async def work(office: Office) -> None:
        receipts = await office.send(
            arrival(GOOD[0]),
            arrival(b"no message"),
            arrival(GOOD[1], refused="test_message"),
            arrival(GOOD[2].replace(b"PID|", b"XXX|"), feed="other"),
        )
        assert [receipt.reason for receipt in receipts] == [
            *(None, "no_msh", "test_message", "no_pid")
        ]
        assert all(receipt.stored for receipt in receipts)

    served(tmp_path, work)
    assert stored(tmp_path)[1] == [None, None, "test_message"]


def test_what_the_decoder_cannot_bear_is_stored_as_refused_and_nothing_else(tmp_path):
    async def work(office: Office) -> None:
        receipts = await office.send(*[arrival(raw) for raw in (b"x", GOOD[0], b"y", GOOD[1])])
        assert [receipt.reason for receipt in receipts] == [
            *("no_msh", poison.REASON, "no_msh", poison.REASON)
        ]
        assert await office.send(arrival(b"z")) == [Receipt(stored=True, reason="no_msh")]

    served(tmp_path, work, profiles=BROKEN)
    assert stored(tmp_path)[1] == [None, poison.REASON, None, poison.REASON, None]


def test_a_full_inbox_takes_what_fits_and_says_so_of_the_rest(tmp_path):
    large = b"MSH".ljust(2 * 1024**2, b"x")

    async def work(office: Office) -> None:
        receipts = await office.send(*[arrival(raw) for raw in (GOOD[0], large, GOOD[1], large)])
        assert receipts == [STORED, REFUSED, STORED, REFUSED]
        assert not office.intake.failed.done()
        assert await office.send(arrival(GOOD[2])) == [STORED]

    served(tmp_path, work, limit=1024**2)
    assert stored(tmp_path)[0] == GOOD[:3]


def test_after_a_failed_disk_nothing_is_promised_and_the_process_is_told(tmp_path):
    async def work(office: Office) -> None:
        assert await office.send(arrival(GOOD[0])) == [STORED]
        (tmp_path / NAME).rename(tmp_path / "aside")
        assert await office.send(arrival(GOOD[1]), arrival(GOOD[2])) == [REFUSED] * 2
        with pytest.raises(InboxFailedError):
            await office.intake.failed
        assert await office.send(arrival(GOOD[3])) == [REFUSED]

    served(tmp_path, work)


def test_a_defect_of_ours_leaves_nobody_waiting(tmp_path):
    async def work(office: Office) -> None:
        assert await office.send(arrival(GOOD[0], feed="no profile")) == [REFUSED]
        with pytest.raises(KeyError):
            await office.intake.failed

    served(tmp_path, work)


def test_one_who_cannot_be_told_does_not_keep_it_from_the_others(tmp_path):
    async def work(office: Office) -> None:
        loop = asyncio.get_running_loop()
        noticed = loop.create_future()
        loop.set_exception_handler(lambda _, context: noticed.set_result(context["exception"]))
        office.intake.submit(arrival(GOOD[0]), lambda _: 1 / 0)
        assert await office.send(arrival(GOOD[1])) == [STORED]
        assert isinstance(await noticed, ZeroDivisionError)

    served(tmp_path, work)


def test_what_waits_is_stored_before_it_closes_and_nothing_after(tmp_path):
    told: list[Receipt] = []

    async def work(office: Office) -> None:
        for raw in GOOD:
            office.intake.submit(arrival(raw), told.append)
        await asyncio.to_thread(office.intake.close)
        office.intake.submit(arrival(GOOD[0]), told.append)
        async with asyncio.timeout(PATIENCE):
            while len(told) <= len(GOOD):
                await asyncio.sleep(0.001)
        assert told == [*[STORED] * len(GOOD), REFUSED]

    served(tmp_path, work)
    assert stored(tmp_path)[0] == GOOD


def test_what_cannot_wait_is_refused_in_its_turn(tmp_path):
    huge = arrival(b"x" * (100 * 1024**2), refused="message_too_large")

    async def work(office: Office) -> None:
        receipts = await office.send(huge, huge, huge, arrival(GOOD[0]))
        assert receipts == [REFUSED, REFUSED, REFUSED, STORED]

    served(tmp_path, work, limit=1024**2)
    assert stored(tmp_path)[0] == GOOD[:1]
