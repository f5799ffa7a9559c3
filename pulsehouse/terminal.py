"""The terminal: data to stdout, messages to stderr, in colour only where a person looks.

Here: consoles, tables, JSON, and how times and numbers are written. Not here: what is shown.
"""

import base64
import datetime as dt
import json
import math
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table

# Where there is no terminal to ask; wide enough for every table of ours.
PLAIN_WIDTH = 140
# Severity is colour and word: colour alone says nothing to some, and to none through a pipe.
SEVERITY_STYLES: Mapping[str, str] = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "bold yellow",
    "low": "cyan",
}
NOTICE = "Not a medical device; not for clinical use without local assessment."


@cache
def out() -> Console:
    """The console for data."""
    return _console(sys.stdout)


@cache
def err() -> Console:
    """The console for messages; it has its own way out, which `only_ours` leaves open."""
    way = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="backslashreplace")
    return _console(way)


@contextmanager
def only_ours() -> Iterator[None]:
    """Let nothing but this module's messages reach stderr.

    Bytewax's engine prints a trace of its own for every exception that passes through it, an
    interrupt among them, and what it prints may quote a row.
    """
    err()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _console(stream: TextIO) -> Console:
    return Console(
        file=stream, width=None if stream.isatty() else PLAIN_WIDTH, highlight=False, emoji=False
    )


def say(text: str) -> None:
    """One message line, never wrapped, so that it can be copied and searched."""
    err().print(text, markup=False, soft_wrap=True)


def write(text: str) -> None:
    """One line of data, as it is."""
    out().print(text, markup=False, soft_wrap=True)


def paragraph(text: str) -> None:
    """Prose, its lines filled anew for this width."""
    for block in text.split("\n\n"):
        out().print(" ".join(block.split()), markup=False)


def note(text: str) -> None:
    """A remark beside data, dimmed."""
    out().print(text, markup=False, style="dim", soft_wrap=True)


def heading(text: str, console: Console | None = None) -> None:
    """What the following lines are about."""
    (console or out()).print(f"\n{text}", markup=False, style="bold")


def show_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    console: Console | None = None,
) -> None:
    """A table of data; numbers to the right."""
    target = console or out()
    cells = [tuple(row) for row in rows]
    if title:
        heading(title, target)
    if not cells:
        target.print("  (none)", style="dim")
        return
    table = Table(box=box.SIMPLE_HEAD if target.is_terminal else None, pad_edge=False)
    for place, name in enumerate(columns):
        is_number = all(isinstance(row[place], int | float | None) for row in cells)
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in cells:
        table.add_row(*(escaped(shown(cell)) for cell in row))
    target.print(table)


def escaped(text: str) -> str:
    """Text in which nothing is taken for markup."""
    return text.replace("[", "\\[")


def shown(value: object) -> str:
    """A value as a person reads it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return number(value)
        case dt.datetime():
            return stamp(value)
        case _:
            return str(value)


def number(value: float) -> str:
    """A number without needless digits."""
    if not math.isfinite(value):
        return str(value)
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}".rstrip("0").rstrip(".")


def stamp(moment: dt.datetime) -> str:
    """A moment in UTC, to the minute, or to the second where it has any."""
    form = "%Y-%m-%d %H:%MZ" if moment.second == 0 else "%Y-%m-%d %H:%M:%SZ"
    return moment.astimezone(dt.UTC).strftime(form)


def to_json(value: object, indent: int | None = 2) -> str:
    """The stable JSON form: times in ISO 8601 with Z, bytes in base64, no number as null."""
    return json.dumps(_plain(value), indent=indent, ensure_ascii=False)


def emit_json(value: object) -> None:
    """Print JSON and nothing else."""
    sys.stdout.write(to_json(value) + "\n")


def _plain(value: object) -> object:
    match value:
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
        case float() if not math.isfinite(value):
            return None
        case None | bool() | int() | float() | str():
            return value
        case _:
            return _as_text(value)


def _as_text(value: object) -> str | float:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return float(value) if isinstance(value, Decimal) else iso(value)


def iso(value: object) -> str:
    """A time in ISO 8601, in UTC with Z; anything else as its own text."""
    if isinstance(value, dt.datetime):
        moment = value.astimezone(dt.UTC) if value.tzinfo else value
        return moment.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)
