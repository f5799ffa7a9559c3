"""Where the head of each page leads.

Here: the pages by name, and who sees a link to them. Not here: the pages.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from streaming.desk.accounts.permissions import Permission
from streaming.desk.accounts.viewers import Viewer


@dataclass(frozen=True, slots=True)
class Link:
    """A page with a permission that its readers have."""

    name: str
    href: str
    label: str
    permission: Permission


LINKS: Final = (
    Link("board", "/", "Board", "alerts.read"),
    Link("wall", "/wall", "Wall", "wall.read"),
    Link("fatigue", "/fatigue", "Load", "fatigue.read"),
    Link("silences", "/silences", "Silences", "silences.read"),
    Link("drills", "/drills", "Drills", "drills.start"),
    Link("glass", "/glass", "Break the glass", "glass.break"),
    Link("review", "/review", "Broken glass", "reviews.read"),
    Link("audit", "/audit", "Audit", "audit.read"),
    Link("account", "/account", "Password", "self"),
)


# Where one begins: the first of these that one's rights open.
_HOMES: Final[tuple[tuple[Permission, str], ...]] = (
    ("alerts.read", "/"),
    ("reviews.read", "/review"),
    ("audit.read", "/audit"),
)


def home(permissions: Collection[Permission]) -> str:
    """The page that a person begins with."""
    return next((href for needed, href in _HOMES if needed in permissions), "/account")


def navigation(viewer: Viewer | None) -> tuple[Link, ...]:
    """The links that a viewer may follow."""
    return tuple(link for link in LINKS if viewer is not None and viewer.may(link.permission))
