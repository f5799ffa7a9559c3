"""When the next person is asked: an alert that nobody takes never goes quiet.

Here: the moment of the next step of an asking. Not here: who is asked then (clinical/routing).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from clinical.alerts.life import UNTAKEN, Life

# How often the last of a chain is asked again, where the routes do not say.
REPEAT = timedelta(minutes=15)


def next_step_at(
    life: Life, chain: Sequence[timedelta], repeat: timedelta = REPEAT
) -> datetime | None:
    """When the next person is asked; None only where somebody has taken it, or it is closed.

    After the chain's end its last step is asked again and again. Those repeats count from the step
    before, so that a desk that was down does not catch up on them; the steps of the chain itself
    all come, late as they may be.

    Args:
        life: The alert.
        chain: How long after the asking each escalation comes; the first telling is not among them.
        repeat: How long after the chain's last step, and then after each repeat of it.
    """
    if life.state not in UNTAKEN:
        return None
    if life.step < len(chain):
        return life.asked_at + chain[life.step]
    last = life.stepped_at or life.asked_at
    return last + repeat


def escalates(
    life: Life, chain: Sequence[timedelta], now: datetime, repeat: timedelta = REPEAT
) -> bool:
    """Whether a step is due."""
    due = next_step_at(life, chain, repeat)
    return due is not None and due <= now
