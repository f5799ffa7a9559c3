"""What an implementation has to offer to be asked: one method.

Here: the protocol and its words. An implementation in another language is asked through
adapters/command.py.
"""

from dataclasses import dataclass
from typing import Protocol

from tests.conformance.case import Case


@dataclass(frozen=True, slots=True)
class Answer:
    """A total, or None; and, of an implementation that has them, the state and what is missing."""

    total: float | None
    state: str | None = None
    missing: tuple[str, ...] | None = None


class NotSupportedError(Exception):
    """The implementation has no such score, or no way to be told what the case says."""


class Adapter(Protocol):
    """An implementation of some scores."""

    name: str
    # The licence and place of a public package; None of this project's own.
    package: str | None

    def version(self) -> str | None:
        """The version that is installed, or None where it is not."""

    def answer(self, case: Case) -> Answer:
        """Score one case.

        Raises:
            NotSupportedError: it cannot be asked this.
        """


def only(case: Case, *inputs: str) -> None:
    """Refuse a case that tells more than these inputs, or less."""
    for name in inputs:
        if name not in case.given:
            reason = "no way to leave an input out"
            raise NotSupportedError(reason)
    for name in case.given:
        if name not in inputs:
            reason = f"does not ask for {name}"
            raise NotSupportedError(reason)
