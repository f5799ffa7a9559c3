"""What is wrong with a routes file, in one line: where, what, and how to mend it.

Here: the error and how the nearest known word is offered. Not here: what is checked (parsing.py,
checking.py).
"""

from collections.abc import Iterable
from difflib import get_close_matches


class RoutesError(Exception):
    """A routes file cannot be used; the message names line and place, and says how to mend it."""

    exit_code = 2


def nearest(word: str, known: Iterable[str]) -> str:
    """Words after a message about an unknown one: the nearest, or that there are none."""
    listed = sorted(known)
    if not listed:
        return "; none is defined"
    (near,) = get_close_matches(word, listed, n=1, cutoff=0.0)
    return f"; the nearest is `{near}`"
