"""`pulsehouse demo`: a bundled sample of real patients, from messages to alerts.

Here: the run and its story. Not here: the sample (pulsehouse/sample, with its licence), the replay,
or the counting (contents.py).
"""

import shutil
import sys
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from lakehouse.catalogue import connect
from lakehouse.columns import DISPOSITIONS
from pulsehouse import terminal
from pulsehouse.alert_lines import alert_line
from pulsehouse.contents import Contents, Row
from pulsehouse.deployment import open_lake, speed_of
from pulsehouse.explain_report import nightly, unit_of, value_of
from pulsehouse.explanation import Explanation, explanation
from pulsehouse.failure import INTERRUPTED
from pulsehouse.replaying import AGAIN, replayed, warned
from pulsehouse.watching import board
from streaming.replay import Outcome

FEED = "mimic3"
OPENING = (
    "A dozen real, de-identified intensive-care patients (MIMIC-III demo, ODbL 1.0), told again as"
    " the HL7 v2 messages their hospital would have sent."
)


def run(place: Path, speed: str, *, story: bool = False, as_json: bool) -> int:
    """Replay the sample and show what the lake then holds; a second time adds nothing."""
    pace = speed_of(speed)
    if not as_json:
        terminal.paragraph(OPENING)
        terminal.note(terminal.NOTICE)
    try:
        outcome = _replayed(place, pace, as_json=as_json)
    except KeyboardInterrupt:
        terminal.say(AGAIN)
        return INTERRUPTED
    found = result(place, outcome)
    if not as_json:
        _show(found, place)
    if story:
        # Only here: it brings half of the batch side with it.
        from pulsehouse.demo_story import told  # noqa: PLC0415

        found["story"] = told(place, as_json=as_json)
    if as_json:
        terminal.emit_json(found)
    else:
        _next(found["story_alert_id"], place)
    return warned(outcome)


def _replayed(place: Path, pace: float | None, *, as_json: bool) -> Outcome:
    console = terminal.err() if as_json else terminal.out()
    sample = files("pulsehouse.sample").joinpath("mimic3_sample.hl7.gz")
    with as_file(sample) as file, board(console, pace, show_alerts=not as_json) as shown:
        return replayed([file], FEED, place, shown)


def result(place: Path, outcome: Outcome) -> dict[str, Any]:
    """The stable form of `demo --json`: what the replay added, and what the lake holds."""
    with connect(open_lake(place)) as connection:
        contents = Contents(connection)
        story = contents.septic_story()
        return {
            "lake": str(place),
            "added": outcome.to_json(),
            "dispositions": contents.dispositions(),
            "tables": contents.tables(),
            "documentation_lag": contents.documentation_lag(),
            "alerts": contents.alerts(),
            "hours_before_batch": contents.hours_gained(),
            "story_alert_id": story["alert_id"] if story else None,
        }


def _show(found: dict[str, Any], place: Path) -> None:
    _what_happened(found["added"], place)
    rows = [
        (feed, *(counts[name] for name in DISPOSITIONS))
        for feed, counts in found["dispositions"].items()
    ]
    terminal.show_table("Messages by disposition", ("feed", *DISPOSITIONS), rows)
    tables = [(row["table"], row["rows"], row["newest"]) for row in found["tables"]]
    terminal.show_table("Rows per table", ("table", "rows", "newest received"), tables)
    names = ("rule", "severity", "status", "alerts", "median_hours")
    alerts = [tuple(row[name] for name in names) for row in found["alerts"]]
    terminal.show_table("Alerts by rule", (*names[:4], "median h before the nightly job"), alerts)
    _lag(found["documentation_lag"])
    _hours(found["hours_before_batch"])
    if found["story_alert_id"]:
        _story(explanation(open_lake(place), found["story_alert_id"], nightly(), identified=False))


def _what_happened(added: Row, place: Path) -> None:
    if not added["messages"]:
        terminal.write(f"\nEvery message was in {place} already: nothing was added.")
        return
    seconds = added["seconds"]
    observations = added["rows"].get("observations", 0)
    rate = f"{observations / seconds:,.0f} observations/s" if seconds else ""
    terminal.write(
        f"\n{added['messages']:,} messages in {seconds:.1f} s ({rate}), now tables in {place}"
    )


def _lag(lag: Row) -> None:
    terminal.heading("Documentation lag: from when it was true to when it was documented")
    if lag["observations"]:
        median, p99 = (_duration(lag[name]) for name in ("median_minutes", "p99_minutes"))
        count = f"{lag['observations']:,} scored observations"
        terminal.write(
            f"  median {median}, p99 {p99} ({count}; the source has no lag for laboratory results)"
        )


def _duration(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"  # noqa: PLR2004


def _hours(hours: Row) -> None:
    terminal.heading("Hours gained over the 02:00 job")
    if hours["alerts"]:
        median, most = f"{hours['median_hours']:.1f} h", f"{hours['most_hours']:.1f} h"
        terminal.write(
            f"  {hours['alerts']:,} alerts raised; median {median}, at most {most} before it ran"
        )


def _story(found: Explanation) -> None:
    alert = found.alert
    terminal.heading("One of them")
    terminal.out().print(alert_line(alert))
    columns = ("on", "value", "unit", "true at", "known at", "points")
    terminal.show_table("", columns, [_line(item) for item in found.inputs])
    raised, job = terminal.stamp(alert["raised_at"]), terminal.stamp(alert["batch_at"])
    gained = f"{alert['hours_before_batch']:.1f} hours later"
    terminal.out().print(
        f"Raised at {raised}, with the message that completed the picture. The nightly job would"
        f" have seen the same facts at {job}: {gained}.",
        style="bold",
        markup=False,
    )


def _line(item: Row) -> tuple[object, ...]:
    points = ", ".join(
        f"{one['score']} {one['points']}" for one in item["points"] if one["points"] is not None
    )
    known_at = (item["message"] or {}).get("received_at")
    return item["name"], value_of(item), unit_of(item), item["effective_at"], known_at, points


def _next(alert_id: str | None, place: Path) -> None:
    program = invoked_as(sys.argv[0])
    query = "select unit, rule, count(*) as alerts from alerts group by all order by alerts desc"
    terminal.heading("Try next")
    if alert_id:
        terminal.write(f"  {program} explain {alert_id} --lake {place}")
    terminal.write(f'  {program} sql "{query}" --lake {place}')
    terminal.write(f"  {program} status --lake {place}")
    terminal.note(f"\n{terminal.NOTICE}")


def invoked_as(program: str) -> str:
    """How the command can be typed again: its bare name where that finds it."""
    path = Path(program)
    if path.name == "__main__.py":
        return "python -m pulsehouse"
    found = shutil.which(path.name)
    return path.name if found and Path(found).resolve() == path.resolve() else program
