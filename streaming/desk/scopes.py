"""How far somebody sees.

Here: the units whose cases a list may hold. Not here: who sees how far (accounts/viewers.py).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """Units by name; None for every unit. Technical cases belong to no unit and to every scope."""

    units: frozenset[str] | None
