"""The scenarios by name, in the order in which they run: `none`, the control, first.

Here: the registry. Not here: any fault.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.faults.corpus import Message, corpus
from tests.faults.course import Course

Tier = Literal["quick", "long"]
Trouble = Callable[[Course], None]
Source = Callable[[int, int], list[Message]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fault, what the catalogue calls it, and what is sent meanwhile.

    `source` gives the messages, of a count and a number of copies; they are also what the run
    without a fault is given.
    """

    name: str
    row: str
    trouble: Trouble
    tier: Tier = "quick"
    messages: int = 400
    copies: int = 1
    needs_root: bool = False
    source: Source = corpus


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    name: str,
    row: str,
    *,
    tier: Tier = "quick",
    messages: int = 400,
    copies: int = 1,
    needs_root: bool = False,
    source: Source = corpus,
) -> Callable[[Trouble], Trouble]:
    """Register a function that makes trouble."""

    def register(trouble: Trouble) -> Trouble:
        add(Scenario(name, row, trouble, tier, messages, copies, needs_root, source))
        return trouble

    return register


def add(one: Scenario) -> None:
    """Register a scenario; no name twice."""
    assert one.name not in SCENARIOS, one.name
    SCENARIOS[one.name] = one
