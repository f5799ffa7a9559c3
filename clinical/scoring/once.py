"""What is found once and kept: small batches cost calls, and many ask for the same.

Here: the keeping. Not here: what is kept (history.py, timeline.py, panel.py).
"""

from collections.abc import Callable, Hashable
from typing import TypeVar, cast

Found = TypeVar("Found")


class Once:
    """Answers by key, each found when first asked for."""

    def __init__(self) -> None:
        """Start with nothing found."""
        self._found: dict[Hashable, object] = {}

    def __call__(self, key: Hashable, find: Callable[[], Found]) -> Found:
        """The answer of a key; `find` is called where there is none yet."""
        if key not in self._found:
            self._found[key] = find()
        return cast("Found", self._found[key])
