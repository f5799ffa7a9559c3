"""The ports of a gateway: which feed is taken where, opened before anything else is.

Here: from the settings to listening sockets with their profiles. Not here: what is spoken on them
(listeners.py, web.py).
"""

import os
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from clinical.wire.profile import FeedProfile, Format
from lakehouse.errors import LakehouseError, SettingsError
from lakehouse.feeds import load_profile
from lakehouse.settings import Settings

BACKLOG: Final = 512
_HIGHEST: Final = 65_535
# Setting, what its feeds speak, and that in words.
_ROADS: Final[Mapping[str, tuple[Format, str]]] = {
    "mllp": ("hl7v2", "HL7 v2"),
    "http": ("fhir", "FHIR"),
}


class PortError(LakehouseError):
    """A port cannot be opened."""


@dataclass(frozen=True, slots=True)
class Port:
    """An open port of one feed."""

    road: str  # mllp or http
    profile: FeedProfile
    socket: socket.socket

    @property
    def number(self) -> int:
        """The port, also where any was asked for."""
        return int(self.socket.getsockname()[1])


def open_ports(settings: Settings) -> list[Port]:
    """Every port of the settings, listening: all or none.

    Raises:
        SettingsError: A port that cannot be, or a feed that does not speak what its port does.
        UnknownFeedError, FeedFileError, ProfileError: As `load_profile`.
        PortError: A port is in use, not ours to open, or `host` is none of this machine.
    """
    wanted = [
        (road, _profile(settings, road, feed), _checked(road, feed, port))
        for road in _ROADS
        for feed, port in getattr(settings, road).items()
    ]
    with ExitStack() as opened:
        ports = [
            Port(road, profile, opened.enter_context(_open(settings.host, number, road)))
            for road, profile, number in wanted
        ]
        opened.pop_all()
    return ports


def _profile(settings: Settings, road: str, feed: str) -> FeedProfile:
    profile = load_profile(feed, settings.feeds)
    spoken, in_words = _ROADS[road]
    if profile.format != spoken:
        msg = (
            f"feed `{feed}` is of format {profile.format}, and `{road}` takes {in_words}: give it"
            f" a port by `{'http' if road == 'mllp' else 'mllp'}` instead"
        )
        raise SettingsError(msg)
    return profile


def _checked(road: str, feed: str, port: int) -> int:
    if not 0 <= port <= _HIGHEST:
        msg = f"`{road}` of feed `{feed}`: {port} is no port; give 1 to {_HIGHEST}, or 0 for any"
        raise SettingsError(msg)
    return port


def _open(host: str, port: int, setting: str) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        opened = socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        msg = (
            f"cannot listen on {host} port {port} (`{setting}`): {_reason(error)}; stop what uses"
            " it, or give another port or another `host`"
        )
        raise PortError(msg) from error
    opened.setblocking(False)
    return opened


def _reason(error: OSError) -> str:
    # The errors of names have numbers of their own.
    if isinstance(error, socket.gaierror):
        return str(error.strerror)
    return os.strerror(error.errno or 0)
