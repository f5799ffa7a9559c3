"""What can go wrong with a replay. Here: the class. Not here: differences, which are findings."""

from lakehouse.errors import LakehouseError


class ReplayError(LakehouseError):
    """A replay that did not come to its end; nothing was concluded from it.

    `was_killed` says that the process did not end by itself, so that it may end well next time.
    """

    def __init__(self, message: str, *, was_killed: bool = False) -> None:
        super().__init__(message)
        self.was_killed = was_killed
