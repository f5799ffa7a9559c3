"""A lane: work that one thread of its own does in order.

Here: the bounded queue, the thread, and what happens after a failure: nothing. Not here: the work.
"""

import math
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
# How often whoever waits for room looks whether the lane still lives.
_LOOK_SECONDS = 0.1


class Lane(Generic[Item]):
    """Does work in the order in which it is put; its thread starts with the first piece.

    What fails stops the lane: nothing that was put after it is done, so that order is kept.
    """

    def __init__(
        self, name: str, work: Callable[[Item], None], waiting: int, most: float = math.inf
    ) -> None:
        """Be empty.

        Args:
            name: Of the thread.
            work: What is done with each piece.
            waiting: Pieces that may wait; whoever puts more waits too.
            most: What the pieces that are not done may weigh together; one alone may weigh more.
        """
        self._name = name
        self._work = work
        self._waiting: queue.Queue[tuple[Item, int] | None] = queue.Queue(waiting)
        self._most, self._ahead, self._done = most, 0, threading.Condition()
        self._thread: threading.Thread | None = None
        self.failure: BaseException | None = None

    def put(self, item: Item, weight: int = 0) -> None:
        """Hand over a piece of work; raises what an earlier one failed with."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._make_room(weight)
        while True:
            self.check()
            try:
                self._waiting.put((item, weight), timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return

    def _make_room(self, weight: int) -> None:
        with self._done:
            while self._ahead and self._ahead + weight > self._most:
                self.check()
                self._done.wait(_LOOK_SECONDS)
            self._ahead += weight

    def check(self) -> None:
        """Raise what the work failed with, if it has."""
        if self.failure is not None:
            raise self.failure

    def stop(self) -> None:
        """Do what waits, unless something failed, and end the thread."""
        if self._thread is not None and self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (piece := self._waiting.get()) is not None:
            item, weight = piece
            if self.failure is None:
                self._try(item)
            with self._done:
                self._ahead -= weight
                self._done.notify()

    def _try(self, item: Item) -> None:
        try:
            self._work(item)
        except BaseException as error:  # handed to the dataflow's thread, which stops
            self.failure = error
