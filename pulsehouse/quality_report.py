"""`pulsehouse report quality`: the page, or its numbers.

Here: progress, where the page goes, what is told. Not here: the report (orchestration/report).
"""

from pathlib import Path

from orchestration.report.page import write
from orchestration.report.questions import QUESTIONS
from orchestration.report.reading import Report, report
from orchestration.report.section import Question
from pulsehouse import terminal
from pulsehouse.bars import bar
from pulsehouse.deployment import open_lake, settings
from pulsehouse.failure import OK, USAGE, CommandError


def run(place: Path | None, out: Path, days: int, *, as_json: bool) -> int:
    """Make the report of a lake, and tell what it found."""
    if not as_json and not out.parent.is_dir():
        msg = f"no directory {str(out.parent)!r} for the page; make it, or name another --out"
        raise CommandError(msg, USAGE)
    found = _asked(place, days)
    if as_json:
        terminal.emit_json(found.to_json())
        return OK
    _write(found, out)
    for answer in found.answers:
        terminal.heading(answer.question.title)
        terminal.paragraph(answer.finding)
    terminal.write(f"\nThe page: {out}")
    return OK


def _asked(place: Path | None, days: int) -> Report:
    known, lake = settings(), open_lake(place)
    with bar(terminal.err()) as progress:
        task = progress.add_task("reading", total=len(QUESTIONS), words="")

        def tell(question: Question) -> None:
            progress.update(task, words=question.title)
            progress.advance(task)

        return report(lake, known, days=days, tell=tell)


def _write(found: Report, out: Path) -> None:
    try:
        write(found, out)
    except OSError as error:
        msg = f"cannot write {out.name}: {error.strerror}; name another --out"
        raise CommandError(msg) from None
