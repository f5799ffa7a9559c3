"""Turns: in which order a flow's fold learns batches, whichever place they come from.

Here: counting. A batch takes its turn where its facts are handed on to the fold: the sink gathers
by place, so that there the order is lost. Not here: what keeps the turns (lakehouse/stamps.py).

Each process of a flow counts for itself, and each flow anew: the session says whose turns they are.
"""

from dataclasses import dataclass
from itertools import count
from typing import Final
from uuid import uuid4

_SESSION_LETTERS: Final = 12


@dataclass(frozen=True, slots=True)
class Turn:
    """One batch's place in the order."""

    session: str
    number: int


class Turns:
    """The turns of one flow in one process."""

    def __init__(self) -> None:
        """A session of its own, whose first turn is 0."""
        self._session = uuid4().hex[:_SESSION_LETTERS]
        self._numbers = count()

    def take(self) -> Turn:
        """The next turn."""
        return Turn(self._session, next(self._numbers))
