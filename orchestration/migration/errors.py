"""What can go wrong when a job is to move.

Here: the classes and their exit codes. Not here: the rules they speak of (states.py, gates.py).
"""

from collections.abc import Iterable
from difflib import get_close_matches

from lakehouse.errors import LakehouseError


class MigrationError(LakehouseError):
    """A decision about a job that cannot be taken."""


class UnknownNameError(MigrationError):
    """No job, gate or rule has this name; the message offers the nearest."""

    exit_code = 2


class MoveError(MigrationError):
    """The job's state does not allow it."""


class PromotionRefusedError(MigrationError):
    """A gate of the step is not green; the message names each and how to mend it."""

    exit_code = 3


def unknown(name: str, kind: str, known: Iterable[str]) -> UnknownNameError:
    """The error for a name that is none of those known."""
    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0.0)[0]
    msg = f"unknown {kind} {name!r}; nearest: {near}; all: {', '.join(names)}"
    return UnknownNameError(msg)
