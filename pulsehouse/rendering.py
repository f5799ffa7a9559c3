"""`pulsehouse render`: real tables told again as messages, with progress.

Here: which sources there are, and the progress. Not here: the rendering (pulsehouse/render).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import cast

from pulsehouse import terminal
from pulsehouse.bars import bar
from pulsehouse.failure import OK, USAGE, CommandError
from pulsehouse.render.outcome import Rendered

SOURCES = ("mimic3", "physionet2019")


def run(
    source: str, tables: Path, out: Path, *, align: str | None, days: int | None, as_json: bool
) -> int:
    """Render a source into one batch file and tell what is in it."""
    render = _renderer(source)
    if not tables.exists():
        msg = f"no file or directory {str(tables)!r}; check the path"
        raise CommandError(msg, USAGE)
    with _progress(out.name) as progress:
        rendered = render(tables, out, align=_day(align), days=days, progress=progress)
    if as_json:
        terminal.emit_json(asdict(rendered))
    else:
        _show(rendered, out, source)
    return OK


def _renderer(source: str) -> Callable[..., Rendered]:
    if source not in SOURCES:
        near = get_close_matches(source, SOURCES, n=1) or SOURCES
        msg = f"unknown source {source!r}; nearest: {', '.join(near)}"
        raise CommandError(msg, USAGE)
    module = import_module(f"pulsehouse.render.{source}")
    return cast("Callable[..., Rendered]", module.render)


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        msg = f"{text!r} is not a date such as 2026-01-05"
        raise CommandError(msg, USAGE) from None


@contextmanager
def _progress(name: str) -> Iterator[Callable[[int, int], None]]:
    with bar(terminal.err()) as progress:
        task = progress.add_task(terminal.escaped(name), total=None, words="reading the tables")

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total or None, words=f"{done:,} rows")

        yield tell


def _show(rendered: Rendered, out: Path, source: str) -> None:
    counts = f"{rendered.messages:,} messages, {rendered.observations:,} observations"
    terminal.write(f"{out}: {counts}, {rendered.patients:,} patients")
    if rendered.first_at and rendered.last_at:
        terminal.write(
            f"from {terminal.stamp(rendered.first_at)} to {terminal.stamp(rendered.last_at)}"
        )
    terminal.note(f"next: pulsehouse replay {out} --feed {source}")
