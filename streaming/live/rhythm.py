"""The rhythm of a live source: when the inbox is looked at, and when the thread rests.

Here: one answer for all parts of a process, so that the inbox is asked once however many feeds
there are. Not here: reading (source.py).

The engine asks again once a batch is worked through: so a batch is what came meanwhile, and grows
with the load by itself. After each the source holds back for a quarter of the time that the batch
took, but never longer than a message may wait: more messages then share what every batch costs, and
a fifth of the core is left to the writer and the gateway. In silence the dataflow's thread sleeps
between looks, which costs less than the engine's own waiting, and a signal still wakes it.
"""

from collections.abc import Callable
from time import monotonic, sleep
from typing import Final

# The inbox is asked at most so often.
LOOK_SECONDS: Final = 0.001
# More leaves more of the core to others, and holds alerts back: the whole time would double it.
HOLD_SHARE: Final = 0.25
# A feed that has said nothing for so long is silent: now the thread rests between looks.
AWAKE_SECONDS: Final = 0.1
# The longer the silence, the longer a rest, up to what the next message may well wait.
REST_SHARE: Final = 0.02
LONGEST_REST_SECONDS: Final = 0.02


class Rhythm:
    """Counts changes of the inbox, holds back after a batch, and rests where nothing comes."""

    def __init__(
        self,
        changed: Callable[[], bool],
        longest_wait: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Begin awake.

        Args:
            changed: Whether the inbox may have more than when it was last asked.
            longest_wait: Seconds that a message may wait for its batch.
            clock: Seconds, of no matter which beginning.
        """
        self._changed = changed
        self._longest_wait = longest_wait
        self._clock = clock
        self._looked = self._moved = clock()
        self._released: float | None = None
        self._held_until = 0.0
        self.changes = 1

    def is_held(self, since: float | None = None) -> bool:
        """Whether to release nothing yet.

        Args:
            since: Since when whoever asks has been held: another feed's backlog may not hold it
                back longer than a message may wait.
        """
        now = self._clock()
        if self._released is not None:
            took, self._released = now - self._released, None
            self._held_until = now + min(took * HOLD_SHARE, self._longest_wait)
        is_patient = since is None or now - since < self._longest_wait
        return now < self._held_until and is_patient

    def now(self) -> float:
        """Seconds by the clock of this rhythm."""
        return self._clock()

    def released(self) -> None:
        """A batch goes into the dataflow; the engine asks again once it is worked through."""
        self._released = self._clock()

    def look(self) -> int:
        """How often the inbox has changed so far; who has read at this count knows it all."""
        now = self._clock()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            if self._changed():
                self.changes += 1
                self._moved = now
        return self.changes

    def rest(self) -> None:
        """Sleep a little, where nothing has come for a while."""
        if (seconds := self.resting()) > 0:
            sleep(seconds)

    def resting(self) -> float:
        """How long to rest now."""
        silence = self._clock() - self._moved
        return 0 if silence < AWAKE_SECONDS else min(silence * REST_SHARE, LONGEST_REST_SECONDS)
