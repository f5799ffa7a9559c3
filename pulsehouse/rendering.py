"""`pulsehouse render`: real tables told again as messages and nightly extracts, with progress.

Here: which sources there are, and the progress. Not here: the rendering (pulsehouse/render).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pulsehouse import terminal
from pulsehouse.bars import bar
from pulsehouse.failure import OK, USAGE, CommandError
from pulsehouse.render.outcome import Rendered

if TYPE_CHECKING:
    from pulsehouse.render.mimic3_extracts import Extracted

SOURCES = ("mimic3", "physionet2019", "synthea")
# The feed that a rendered source is replayed by, where it is not one of its own.
FEEDS = {"synthea": "hl7_v2"}
# The sources that say when a row was stored, so that a night's knowledge can be told.
WITH_EXTRACTS = ("mimic3",)


def run(
    source: str,
    tables: Path,
    out: Path,
    *,
    align: str | None,
    days: int | None,
    as_json: bool,
    extracts: Path | None = None,
) -> int:
    """Render a source into one batch file, on wish into nightly extracts too, and tell of it."""
    render = _renderer(source)
    extract = _extractor(source) if extracts else None
    if not tables.exists():
        msg = f"no file or directory {str(tables)!r}; check the path"
        raise CommandError(msg, USAGE)
    first_day = _day(align)
    with _progress(out.name) as progress:
        rendered = render(tables, out, align=first_day, days=days, progress=progress)
    extracted = None
    if extract and extracts:
        with _progress(extracts.name) as progress:
            extracted = extract(tables, extracts, align=first_day, days=days, progress=progress)
    if as_json:
        nightly = {"extracts": asdict(extracted)} if extracted else {}
        terminal.emit_json(asdict(rendered) | nightly)
    else:
        _show(rendered, out)
        _show_extracts(extracted, extracts)
        terminal.note(f"next: pulsehouse replay {out} --feed {FEEDS.get(source, source)}")
    return OK


def _renderer(source: str) -> Callable[..., Rendered]:
    if source not in SOURCES:
        near = get_close_matches(source, SOURCES, n=1) or SOURCES
        msg = f"unknown source {source!r}; nearest: {', '.join(near)}"
        raise CommandError(msg, USAGE)
    module = import_module(f"pulsehouse.render.{source}")
    return cast("Callable[..., Rendered]", module.render)


def _extractor(source: str) -> "Callable[..., Extracted]":
    if source not in WITH_EXTRACTS:
        msg = f"{source} has no nightly extracts; --extracts is for {', '.join(WITH_EXTRACTS)}"
        raise CommandError(msg, USAGE)
    module = import_module(f"pulsehouse.render.{source}_extracts")
    return cast("Callable[..., Extracted]", module.render)


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


def _show(rendered: Rendered, out: Path) -> None:
    counts = f"{rendered.messages:,} messages, {rendered.observations:,} observations"
    terminal.write(f"{out}: {counts}, {rendered.patients:,} patients")
    if rendered.first_at and rendered.last_at:
        terminal.write(
            f"from {terminal.stamp(rendered.first_at)} to {terminal.stamp(rendered.last_at)}"
        )


def _show_extracts(extracted: "Extracted | None", drop: Path | None) -> None:
    if extracted:
        counts = ", ".join(f"{name} {count:,}" for name, count in extracted.rows.items())
        terminal.write(f"{drop}: {extracted.nights:,} nights; rows: {counts}")
    if extracted and extracted.nights:
        terminal.write(f"from {extracted.first_night} to {extracted.last_night}")
