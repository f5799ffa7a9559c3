"""A lane: work that one thread of its own does in order.

Here: the bounded queue, the thread, and what happens after a failure: nothing. Not here: the work.
"""

import math
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
# How often whoever waits for room looks whether the lane still lives.
_LOOK_SECONDS = 0.1


class Lane(Generic[Item]):
    """Does work in the order in which it is put; its thread starts with the first piece.

    What fails stops the lane: nothing that was put after it is done, so that order is kept.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Sequence[Item]], None],
        waiting: int,
        *,
        most: float = math.inf,
        at_once: int = 1,
    ) -> None:
        """Be empty.

        Args:
            name: Of the thread.
            work: What is done with pieces, at least one of them, in the order they were put.
            waiting: Pieces that may wait; whoever puts more waits too.
            most: What the pieces that are not done may weigh together; one alone may weigh more.
            at_once: So many of the pieces that wait are worked at together.
        """
        self._name = name
        self._work, self._at_once = work, at_once
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
        ends = False
        while not ends:
            pieces, ends = self._next()
            if pieces and self.failure is None:
                self._try([item for item, _ in pieces])
            with self._done:
                self._ahead -= sum(weight for _, weight in pieces)
                self._done.notify()

    def _next(self) -> tuple[list[tuple[Item, int]], bool]:
        """What is to be worked at next, at least a piece unless it ends; and whether it ends."""
        pieces: list[tuple[Item, int]] = []
        while len(pieces) < self._at_once:
            try:
                piece = self._waiting.get(block=not pieces)
            except queue.Empty:
                break
            if piece is None:
                return pieces, True
            pieces.append(piece)
        return pieces, False

    def _try(self, items: Sequence[Item]) -> None:
        try:
            self._work(items)
        except BaseException as error:  # handed to the dataflow's thread, which stops
            self.failure = error
