"""The desk's thread that keeps up with the lake: the picture first, then the cases that follow it.

Here: one turn of it. Not here: when it is taken, or what it does (picture/, reevaluation.py).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from streaming.desk.cases import Cases
from streaming.desk.evaluating.reevaluation import Reevaluation
from streaming.desk.picture.mirror import News
from streaming.desk.picture.picture import Picture


@dataclass(frozen=True, slots=True)
class KeepingUp:
    """The picture of a lake and the cases that follow it; one thread takes its turns."""

    picture: Picture
    reevaluation: Reevaluation

    @classmethod
    def of(cls, picture: Picture, cases: Cases) -> Self:
        """Nothing is known yet: the first turn loads what may still count."""
        return cls(picture, Reevaluation(cases, picture))

    def step(self, now: datetime) -> News:
        """Take in what the lake tells since, and let open cases follow."""
        news = self.picture.keep_up(now)
        self.reevaluation.step(news, now)
        return news
