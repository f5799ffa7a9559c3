"""What is worked out of a feed profile once and then kept.

Here: keeping it. A profile is a value that never changes, but it holds mappings, so it is known by
its identity. Not here: what is worked out.
"""

from collections.abc import Callable, Hashable
from functools import wraps
from typing import TypeVar

from clinical.wire.profile import FeedProfile

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
# Far more feeds than one process reads, and more codes than a hospital uses.
_PROFILES, _ANSWERS = 64, 65_536


def per_profile(work: Callable[[FeedProfile], T]) -> Callable[[FeedProfile], T]:
    """Do this work once for each profile."""
    kept: dict[int, tuple[FeedProfile, T]] = {}

    @wraps(work)
    def remembered(profile: FeedProfile) -> T:
        known = kept.get(id(profile))
        if known is None:
            if len(kept) >= _PROFILES:
                kept.clear()
            # The profile is kept beside it, so that no other gets its identity.
            known = kept[id(profile)] = profile, work(profile)
        return known[1]

    return remembered


class Answers(dict[K, T]):
    """Answers to questions; each is worked out when first asked for."""

    def __init__(self, work: Callable[[K], T]) -> None:
        """Args: work: answers a question."""
        super().__init__()
        self._work = work

    def __missing__(self, question: K) -> T:
        """Work the answer out."""
        if len(self) >= _ANSWERS:
            self.clear()
        answer = self[question] = self._work(question)
        return answer
