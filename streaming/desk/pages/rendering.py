"""Templates: the environment they are rendered in, and what every page is given.

Here: Jinja with escaping always on, filters, addresses of static files. Not here: any page.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from streaming.desk.pages import times, words

HERE = Path(__file__).parent
STATIC = HERE / "static"
TEMPLATES = HERE / "templates"


def environment(zone: ZoneInfo, *folders: Path) -> Environment:
    """The templates' environment; times are told in the hospital's zone."""
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in (TEMPLATES, *folders)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= _filters(zone)
    made.globals |= {
        "asset": asset,
        "zone": zone.key,
        "keys": words.KEYS,
        "me": None,
        "view": "row",
    }
    return made


def _filters(zone: ZoneInfo) -> dict[str, Callable[..., Any]]:
    return {
        "age": times.age,
        "countdown": times.countdown,
        "day": times.day,
        "clock": lambda at: times.clock(at, zone),
        "second_clock": lambda at: times.second_clock(at, zone),
        "moment": lambda at: times.moment(at, zone),
        "clock_or_day": lambda at, near: _clock_or_day(at, near, zone),
    }


def _clock_or_day(at: datetime, near: datetime, zone: ZoneInfo) -> str:
    return times.clock_or_day(at, near, zone)


@cache
def asset(name: str) -> str:
    """Where a static file is; its address changes with its bytes, so browsers may keep it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"
