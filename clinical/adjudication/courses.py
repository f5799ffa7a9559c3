"""Courses of antibiotics: doses and orders that follow one another without a long pause.

Here: where a course begins, how long it lasts, when that could be known. Not here: which cultures
belong to it (suspicion.py), or days of the calendar (adult_sepsis_event.py).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from clinical.adjudication.evidence import Drug
from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR

# The longest pause within one course: the interval of a drug that is given once a day. A course
# with a longer one is two; the challenge's paper does not say. [P]
LONGEST_PAUSE = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Course:
    """Consecutive doses: the first of them, and until when they are covered."""

    doses: tuple[Drug, ...]
    until: int

    @property
    def first(self) -> Drug:
        """The dose that began it."""
        return self.doses[0]

    def lasting(self, length: int) -> Drug | None:
        """Its first dose, known to last so long; None where it did not.

        That could be known once the dose that reaches so far was known, and not before it had
        lasted so long.
        """
        reached = self.first.at + length
        known = self.first.known_at
        for dose in self.doses:
            known = max(known, dose.known_at)
            if ends(dose) >= reached:
                return replace(self.first, known_at=max(known, reached))
        return None


def ends(dose: Drug) -> int:
    """When a dose or an order ended; where that was not told, when it began."""
    return max(dose.at, dose.until or dose.at)


def courses(doses: Iterable[Drug]) -> Iterator[Course]:
    """Doses, in order of time, as courses."""
    together: list[Drug] = []
    until = 0
    for dose in doses:
        if together and dose.at - until > LONGEST_PAUSE:
            yield Course(tuple(together), until)
            together = []
        until = max(until, ends(dose)) if together else ends(dose)
        together.append(dose)
    if together:
        yield Course(tuple(together), until)
