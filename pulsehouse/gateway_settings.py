"""What a gateway is asked to do: the settings, and in their place whatever was typed.

Here: reading `--mllp`, `--http`, `--drop` and `--host`. Not here: running a gateway
(gateway_run.py), or what its feeds are (streaming/gateway/ports.py).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lakehouse.settings import Settings
from pulsehouse.failure import USAGE, CommandError


def merged(
    settings: Settings,
    mllp: Sequence[str],
    http: Sequence[str],
    *,
    drop: Path | None,
    host: str | None,
) -> Settings:
    """The settings, and in their place whatever was typed."""
    typed: dict[str, Any] = {
        "mllp": _ports("--mllp", mllp),
        "http": _ports("--http", http),
        "drop": drop,
        "host": host,
    }
    return settings.model_copy(update={name: value for name, value in typed.items() if value})


def _ports(option: str, pairs: Sequence[str]) -> dict[str, int]:
    ports: dict[str, int] = {}
    for pair in pairs:
        feed, _, port = pair.partition("=")
        if not (feed and port.isascii() and port.isdigit()):
            msg = f"{option} {pair!r} is not FEED=PORT, such as {option} mimic3=2575"
            raise CommandError(msg, USAGE)
        if feed in ports:
            msg = f"{option} names feed {feed!r} twice; a feed has one port"
            raise CommandError(msg, USAGE)
        ports[feed] = int(port)
    return ports
