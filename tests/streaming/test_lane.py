"""A lane does work in order, and holds back whoever brings more than may wait."""

import threading

import pytest

from streaming.lane import Lane


def test_what_weighs_too_much_beside_what_is_not_done_waits_for_it() -> None:
    done: list[str] = []
    go_on, begun = threading.Event(), threading.Event()

    def work(piece: str) -> None:
        begun.set()
        assert go_on.wait(10)
        done.append(piece)

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
    def work(piece: str) -> None:
        raise ValueError(piece)

    lane = Lane("test", work, waiting=4, most=10)

    def put_many() -> None:
        for _ in range(1_000):
            lane.put("more", 5)

    lane.put("heavy", 10)
    with pytest.raises(ValueError, match="heavy"):
        put_many()
    lane.stop()
