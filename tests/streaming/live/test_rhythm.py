"""The inbox is asked once for all parts, and the thread rests only in silence."""

from dataclasses import dataclass, field

from streaming.live.rhythm import AWAKE_SECONDS, HOLD_SHARE, LOOK_SECONDS, Rhythm

WAIT = 0.05


@dataclass
class Inbox:
    answers: list[bool] = field(default_factory=list)
    asked: int = 0

    def changed(self) -> bool:
        self.asked += 1
        return self.answers.pop(0) if self.answers else False


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_parts_that_look_together_ask_the_inbox_once() -> None:
    inbox, clock = Inbox([True]), Clock()
    rhythm = Rhythm(inbox.changed, WAIT, clock)
    before = rhythm.changes
    clock.now += LOOK_SECONDS
    assert {rhythm.look() for _ in range(4)} == {before + 1}
    assert inbox.asked == 1


def test_what_did_not_change_is_not_counted() -> None:
    inbox, clock = Inbox([False, True]), Clock()
    rhythm = Rhythm(inbox.changed, WAIT, clock)
    before = rhythm.changes
    clock.now += LOOK_SECONDS
    assert rhythm.look() == before
    clock.now += LOOK_SECONDS
    assert rhythm.look() == before + 1


def test_a_rest_is_longer_the_longer_the_silence_up_to_a_limit() -> None:
    clock = Clock()
    rhythm = Rhythm(Inbox().changed, WAIT, clock)
    assert rhythm.resting() == 0
    clock.now = AWAKE_SECONDS
    short = rhythm.resting()
    clock.now = 3600
    assert 0 < short < rhythm.resting() <= 0.02


def test_after_a_batch_the_source_holds_back_for_its_share_and_no_longer_than_it_may() -> None:
    clock = Clock()
    rhythm = Rhythm(Inbox().changed, WAIT, clock)
    assert not rhythm.is_held()
    for took, hold in ((0.02, 0.02 * HOLD_SHARE), (3.0, WAIT)):
        rhythm.released()
        clock.now += took
        assert rhythm.is_held()
        clock.now += hold * 0.99
        assert rhythm.is_held()
        clock.now += hold * 0.02
        assert not rhythm.is_held()


def test_a_backlog_of_one_feed_holds_another_back_no_longer_than_a_message_may_wait() -> None:
    clock = Clock()
    rhythm = Rhythm(Inbox().changed, WAIT, clock)
    waited = None
    for _ in range(3):
        # The one with the backlog releases a batch that takes long, again and again.
        rhythm.released()
        clock.now += 1.0
        if not rhythm.is_held(waited):
            break
        waited = rhythm.now() if waited is None else waited
    assert waited is not None
    assert clock.now - waited >= WAIT
    assert not rhythm.is_held(waited)
