"""A lane: work that one thread of its own does in order.

Here: the bounded queue, the thread, and what happens after a failure: nothing. Not here: the work.
"""

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

    def __init__(self, name: str, work: Callable[[Item], None], waiting: int) -> None:
        """Args: waiting: Pieces that may wait; whoever puts more waits too."""
        self._name = name
        self._work = work
        self._waiting: queue.Queue[Item | None] = queue.Queue(waiting)
        self._thread: threading.Thread | None = None
        self.failure: BaseException | None = None

    def put(self, item: Item) -> None:
        """Hand over a piece of work; raises what an earlier one failed with."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        while True:
            self.check()
            try:
                self._waiting.put(item, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return

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
        while (item := self._waiting.get()) is not None:
            if self.failure is None:
                self._try(item)

    def _try(self, item: Item) -> None:
        try:
            self._work(item)
        except BaseException as error:  # handed to the dataflow's thread, which stops
            self.failure = error
