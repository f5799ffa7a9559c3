"""`pulsehouse routes test`: who would be told of an alert, in which order and when.

Here: which alerts are tried, and how the answer is shown. Not here: the answer (clinical/routing).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple, cast

from clinical.alerts import SEVERITIES
from clinical.detection.effects import UNIT
from clinical.detection.finding import Severity
from clinical.routing import Plan, Routes, Step, Subject, Target, plan
from clinical.routing.errors import nearest
from clinical.routing.findings import nodes
from pulsehouse import terminal
from pulsehouse.failure import OK, USAGE, CommandError
from pulsehouse.routes_file import at_of, opened

COLUMNS = ("unit", "severity", "alert", "route", "after", "who is told", "by")
# Stands for every unit that a file does not name.
OTHER_UNIT = "(another unit)"
ANY = "(any)"

# What was typed of the alert: family, rule, role, technical, drill.
Kind = tuple[str | None, str | None, str, bool, bool]
USUAL: Kind = (None, None, UNIT, False, False)


class Tried(NamedTuple):
    """An alert that might be, and its plan."""

    subject: Subject
    plan: Plan


def run(
    file: Path | None,
    *,
    units: Sequence[str],
    severities: Sequence[str],
    kind: Kind,
    at: str | None,
    as_json: bool,
) -> int:
    """Try alerts out, and show who would be told."""
    _refuse_unknown(severities)
    routes, name = opened(file)
    now = at_of(at, routes)
    subjects = product(units or units_of(routes), severities or SEVERITIES[::-1], [kind])
    tried = list(_tried(routes, [_subject(*one, now) for one in subjects], now, kind))
    if as_json:
        terminal.emit_json({"file": name, "at": now, "alerts": [_json(one) for one in tried]})
        return OK
    terminal.show_table("", COLUMNS, [row for one in tried for row in _rows(one)])
    local = now.astimezone(routes.zone)
    terminal.note(f"By {name}, for alerts raised {local:%Y-%m-%d %H:%M %Z}. Nothing is sent.")
    return OK


def _refuse_unknown(severities: Sequence[str]) -> None:
    for word in severities:
        if word not in SEVERITIES:
            msg = f"there is no severity `{word}`{nearest(word, SEVERITIES)}"
            raise CommandError(msg, USAGE)


def units_of(routes: Routes) -> list[str]:
    """Every unit that a file names, and one that it does not."""
    named = [unit for node in nodes(routes.root) for unit in node.match.unit if unit]
    held = [unit for role in routes.roles.values() for unit in role.units]
    return [*dict.fromkeys([*named, *held]), OTHER_UNIT]


def _subject(unit: str, severity: str, kind: Kind, now: datetime) -> Subject:
    family, rule, role, technical, drill = kind
    return Subject(
        alert_id="test",
        rule=rule or ANY,
        rule_family=family or ANY,
        severity=cast("Severity", severity),
        band=1,
        unit=unit,
        raised_at=now,
        patient=None,
        route=role,
        technical=technical,
        drill=drill,
    )


def _tried(
    routes: Routes, subjects: Sequence[Subject], now: datetime, typed: Kind
) -> Iterator[Tried]:
    """Each alert with its plan; where nothing was typed of its kind, the exceptions as well."""
    for subject in subjects:
        usual = plan(routes, subject, now)
        yield Tried(subject, usual)
        # Once is enough: for the unit that stands for all others.
        if typed == USUAL and subject.unit == OTHER_UNIT:
            for other in _exceptions(routes, subject):
                if (made := plan(routes, other, now)).path != usual.path:
                    yield Tried(other, made)


def _exceptions(routes: Routes, subject: Subject) -> Iterator[Subject]:
    """The alert as those kinds that the tree treats apart."""
    for node in nodes(routes.root):
        match = node.match
        if match.family or match.rule or match.role or match.technical or match.drill:
            yield replace(
                subject,
                rule_family=match.family[0] if match.family else ANY,
                rule=match.rule[0] if match.rule else ANY,
                route=match.role[0] if match.role else UNIT,
                technical=bool(match.technical),
                drill=bool(match.drill),
            )


def _alert(subject: Subject) -> str:
    """What kind of alert it is, in a word or two; nothing of the usual kind."""
    words = (
        "technical" if subject.technical else "",
        "drill" if subject.drill else "",
        "" if subject.rule_family == ANY else subject.rule_family,
        "" if subject.rule == ANY else subject.rule,
        "" if subject.route == UNIT else f"for {subject.route}",
    )
    return " ".join(word for word in words if word)


def _rows(tried: Tried) -> Iterator[tuple[str, ...]]:
    subject, made = tried
    first = (subject.unit or "", subject.severity, _alert(subject), made.path[-1])
    for step in made.steps:
        lead = first if step.number == 0 else ("", "", "", "")
        yield (*lead, spell(step.after), *_who(step))
    yield ("", "", "", "", f"each {spell(made.repeat)}", "the last again", "")


def _who(step: Step) -> tuple[str, str]:
    roads = dict.fromkeys(name for one in step.targets for name in one.receivers)
    return ", ".join(map(_target, step.targets)), ", ".join(roads)


def _target(target: Target) -> str:
    return f"{target.person} ({target.role})" if target.person else target.role


def spell(time: timedelta) -> str:
    """A duration as a routes file writes it; `0s` as at once."""
    seconds = int(time.total_seconds())
    parts = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    told = ""
    for letter, size in parts:
        count, seconds = divmod(seconds, size)
        told += f"{count}{letter}" if count else ""
    return told or "at once"


def _json(tried: Tried) -> dict[str, Any]:
    subject, made = tried
    return {
        "unit": subject.unit,
        "severity": subject.severity,
        "family": None if subject.rule_family == ANY else subject.rule_family,
        "rule": None if subject.rule == ANY else subject.rule,
        "role": subject.route,
        "technical": subject.technical,
        "drill": subject.drill,
        "path": list(made.path),
        "repeat_seconds": made.repeat.total_seconds(),
        "steps": [_step_json(step) for step in made.steps],
    }


def _step_json(step: Step) -> dict[str, Any]:
    targets = [
        {"person": one.person, "role": one.role, "receivers": list(one.receivers)}
        for one in step.targets
    ]
    return {"after_seconds": step.after.total_seconds(), "targets": targets}
