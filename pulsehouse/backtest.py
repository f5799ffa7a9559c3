"""`pulsehouse backtest`: rules run again over stored facts, and what their alerts were worth.

Here: from what was typed to a result, with progress, and where it goes. Not here: the run
(orchestration/evaluation), challenge files (backtest_challenge.py), or how a result is told
(backtest_text.py, backtest_report.py).
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from clinical.evaluation.families import ALL
from orchestration.evaluation.backtesting import Backtest, Facts, Progress, backtest
from orchestration.evaluation.chunks import chunked
from orchestration.evaluation.onsets import DEFAULT, stored_onsets
from pulsehouse import backtest_challenge, backtest_out, backtest_text, terminal
from pulsehouse.bars import bar
from pulsehouse.deployment import open_lake, settings
from pulsehouse.failure import OK, USAGE, CommandError

TITLES = {"physionet2019": "PhysioNet/CinC Challenge 2019", "mimic3_demo": "MIMIC-III demo"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where facts come from: a lake, perhaps with labels, or challenge files."""

    lake: Path | None
    since: str | None
    until: str | None
    onset: str | None
    physionet2019: Path | None
    labels: Path | None

    @property
    def title(self) -> str:
        """What the result is headed by."""
        return TITLES.get(self.name, self.name)

    @property
    def name(self) -> str:
        """What the result is called."""
        if self.physionet2019:
            return "physionet2019"
        return (self.lake or settings().lake).resolve().name


def run(
    lake: Path | None,
    *,
    since: str | None,
    until: str | None,
    rules: str,
    against: str | None,
    onset: str | None,
    physionet2019: Path | None,
    labels: Path | None,
    predict: str,
    out: Path | None,
    report: Path | None,
    as_json: bool,
) -> int:
    """Backtest what was named, and tell of it."""
    source = Source(lake, since, until, onset, physionet2019, labels)
    _refuse(source)
    began = perf_counter()
    versions = [rules] if against is None else [rules, against]
    with tempfile.TemporaryDirectory(prefix="pulsehouse-backtest-") as folder:
        work = Path(folder)
        with _facts(source, work) as facts, _running(versions) as progress:
            result = backtest(facts, settings(), work, versions, progress)
    named = {"dataset": source.name, "title": source.title}
    told = {**named, **_where_something_happened(result.to_json())}
    told["seconds"] = round(perf_counter() - began, 1)
    _keep(result, predict, out)
    if report is not None:
        _write_report(told, report)
    if as_json:
        terminal.emit_json(told)
    else:
        backtest_text.show(told)
    return OK


def _where_something_happened(told: dict[str, Any]) -> dict[str, Any]:
    """A result without the units on which a family neither alerted nor missed anything."""
    for side in (told, told.get("against", told)):
        for family in side["families"].values():
            family["units"] = {
                unit: one
                for unit, one in family["units"].items()
                if unit == ALL or one["alerts"] or one["suppressed"] or one["events"]
            }
    return told


def _refuse(source: Source) -> None:
    """Options that contradict each other."""
    if source.physionet2019 and (source.lake or source.labels or source.since or source.until):
        msg = "--physionet2019 is read whole, without a lake: leave --lake, --labels, --from, --to"
        raise CommandError(msg, USAGE)
    if source.onset and (source.labels or source.physionet2019):
        msg = "labels bring their own onsets: leave --onset, or the labels"
        raise CommandError(msg, USAGE)
    for place in (source.physionet2019, source.labels):
        if place is not None and not place.exists():
            msg = f"no file or directory {str(place)!r}; check the path"
            raise CommandError(msg, USAGE)


@contextmanager
def _facts(source: Source, work: Path) -> Iterator[Facts]:
    if source.physionet2019 is not None:
        with _bar("rendering and reading") as tick:
            yield backtest_challenge.facts(source.physionet2019, work / "facts", tick)
        return
    since, until = _day(source.since), _day(source.until)
    known = backtest_challenge.labels(source.labels) if source.labels else None
    lake = open_lake(source.lake)
    with chunked(lake, since, until + timedelta(days=1) if until else None) as found:
        if not found.observations:
            msg = (
                "nothing was received in this period; `pulsehouse status` says what the lake holds"
            )
            raise CommandError(msg)
        variant = source.onset or DEFAULT
        onsets = None if known else stored_onsets(lake, variant)
        _warn_unadjudicated(source, missing=known is None and onsets is None)
        yield Facts(found.place, found.period, known, onsets)


def _warn_unadjudicated(source: Source, *, missing: bool) -> None:
    if missing and source.onset:
        msg = "no adjudicated onsets are stored; materialise the asset `sepsis_onsets` first"
        raise CommandError(msg)
    if missing:
        terminal.say(
            "note: no adjudicated onsets are stored, so sepsis rules are held against nothing;"
            " materialise the asset `sepsis_onsets`, or give --labels"
        )


def _day(text: str | None) -> datetime | None:
    try:
        day = None if text is None else date.fromisoformat(text)
    except ValueError:
        msg = f"{text!r} is not a date such as 2026-01-05"
        raise CommandError(msg, USAGE) from None
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


@contextmanager
def _bar(words: str) -> Iterator[backtest_challenge.Tick]:
    with bar(terminal.err()) as progress:
        task = progress.add_task(words, total=None, words="")

        def tick(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total or None, words=f"{done:,} rows")

        yield tick


@contextmanager
def _running(versions: list[str]) -> Iterator[Progress]:
    with bar(terminal.err()) as progress:
        tasks = {
            name: progress.add_task(f"rules {terminal.escaped(name)}", total=None, words="")
            for name in versions
        }

        def tick(name: str, observations: int) -> None:
            progress.advance(tasks[name], observations)
            done = progress.tasks[tasks[name]].completed
            progress.update(tasks[name], words=f"{done:,.0f} observations")

        yield tick


def _keep(result: Backtest, predict: str, out: Path | None) -> None:
    if out is not None:
        for line in backtest_out.written(result, predict, out):
            terminal.say(line)


def _write_report(told: dict[str, object], report: Path) -> None:
    from pulsehouse import backtest_report  # noqa: PLC0415 its charts take a second to import

    backtest_report.write(told, report)
    terminal.say(f"report: {report}")
