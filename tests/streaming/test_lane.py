"""A lane does work in order, and holds back whoever brings more than may wait."""

import threading
from collections.abc import Sequence

import pytest

from streaming.lane import Lane


def test_what_weighs_too_much_beside_what_is_not_done_waits_for_it() -> None:
    done: list[str] = []
    go_on, begun = threading.Event(), threading.Event()

    def work(pieces: Sequence[str]) -> None:
        begun.set()
        assert go_on.wait(10)
        done.extend(pieces)

    lane = Lane("test", work, waiting=4, most=10)
    lane.put("heavier than all that may wait", 11)
    assert begun.wait(10)
    second = threading.Thread(target=lane.put, args=("next", 1))
    second.start()
    second.join(0.3)
    assert second.is_alive()
    go_on.set()
    second.join(10)
    lane.stop()
    assert done == ["heavier than all that may wait", "next"]


def test_who_waits_for_room_is_told_what_the_work_failed_with() -> None:
    def work(pieces: Sequence[str]) -> None:
        raise ValueError(pieces[0])

    lane = Lane("test", work, waiting=4, most=10)

    def put_many() -> None:
        for _ in range(1_000):
            lane.put("more", 5)

    lane.put("heavy", 10)
    with pytest.raises(ValueError, match="heavy"):
        put_many()
    lane.stop()


def test_pieces_that_wait_are_worked_at_together_in_order_and_no_more_than_are_allowed() -> None:
    done: list[list[int]] = []
    go_on, begun = threading.Event(), threading.Event()

    def work(pieces: Sequence[int]) -> None:
        begun.set()
        assert go_on.wait(10)
        done.append(list(pieces))

    lane = Lane("test", work, waiting=10, at_once=3)
    lane.put(0)
    assert begun.wait(10)
    for piece in range(1, 8):
        lane.put(piece)
    go_on.set()
    lane.stop()
    assert done == [[0], [1, 2, 3], [4, 5, 6], [7]]
