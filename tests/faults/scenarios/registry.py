"""The scenarios by name, in the order in which they run: `none`, the control, first.

Here: the registry. Not here: any fault.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.faults.course import Course

Tier = Literal["quick", "long"]
Trouble = Callable[[Course], None]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fault, what the catalogue calls it, and how many messages are sent meanwhile."""

    name: str
    row: str
    trouble: Trouble
    tier: Tier = "quick"
    messages: int = 400
    copies: int = 1
    needs_root: bool = False
    ordered: bool = True


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    name: str,
    row: str,
    *,
    tier: Tier = "quick",
    messages: int = 400,
    copies: int = 1,
    needs_root: bool = False,
    ordered: bool = True,
) -> Callable[[Trouble], Trouble]:
    """Register a function that makes trouble."""

    def register(trouble: Trouble) -> Trouble:
        add(Scenario(name, row, trouble, tier, messages, copies, needs_root, ordered))
        return trouble

    return register


def add(one: Scenario) -> None:
    """Register a scenario; no name twice."""
    assert one.name not in SCENARIOS, one.name
    SCENARIOS[one.name] = one
