"""A bell within one process: whoever has written work for others rings it.

Here: ringing and waiting. Not here: what is waited for. Other processes hear no bell: they look
themselves, several times a second.
"""

import threading


class Bell:
    """Rung by writers; each listener hears every ring since it last listened, as one."""

    def __init__(self) -> None:
        """Not rung yet."""
        self._changed = threading.Condition()
        self._rings = 0

    @property
    def rings(self) -> int:
        """How often it was rung; what a listener begins with."""
        return self._rings

    def ring(self) -> None:
        """Wake every listener."""
        with self._changed:
            self._rings += 1
            self._changed.notify_all()

    def wait(self, heard: int, seconds: float) -> int:
        """Wait until it was rung more often than heard, or for so long; gives the rings by then."""
        with self._changed:
            self._changed.wait_for(lambda: self._rings != heard, seconds)
            return self._rings
