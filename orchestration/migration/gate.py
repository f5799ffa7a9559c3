"""A gate: one condition of a promotion, as it stands.

Here: the value, and the small words that gates are made of. Not here: the conditions (gates_*.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Light(StrEnum):
    """`open` is not known yet: it stops a promotion as `red` does, and never demotes."""

    GREEN = "green"
    RED = "red"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a gate: its light, in words, and by which evidence."""

    light: Light
    detail: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate of one job at one cut; `mend` says how to turn it green."""

    id: str
    title: str
    state: Light
    detail: str
    evidence: tuple[str, ...]
    mend: str

    @property
    def is_green(self) -> bool:
        """Whether it lets a promotion pass."""
        return self.state is Light.GREEN

    def to_json(self) -> Mapping[str, Any]:
        """The gate for a ledger or a report."""
        return asdict(self) | {"state": str(self.state), "evidence": list(self.evidence)}


def green(detail: str, *evidence: str) -> Finding:
    """It holds."""
    return Finding(Light.GREEN, detail, evidence)


def red(detail: str, *evidence: str) -> Finding:
    """It does not hold."""
    return Finding(Light.RED, detail, evidence)


def not_yet(detail: str, *evidence: str) -> Finding:
    """It cannot be told yet."""
    return Finding(Light.OPEN, detail, evidence)


def failing(gates: Iterable[Gate]) -> list[Gate]:
    """The gates that stop a promotion."""
    return [gate for gate in gates if not gate.is_green]


def counted(number: int, noun: str) -> str:
    """`1 night`, `2 nights`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
