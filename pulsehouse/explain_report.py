"""`pulsehouse explain`: the chain of an alert, for a person or for a machine.

Here: how it is shown. Not here: where it comes from (explanation.py).
"""

from collections.abc import Iterator
from pathlib import Path

from lakehouse import audit
from pulsehouse import terminal
from pulsehouse.alert_lines import alert_line
from pulsehouse.connection import restricted
from pulsehouse.contents import Row
from pulsehouse.deployment import open_lake
from pulsehouse.explanation import STORED_IN, Explanation, explanation
from pulsehouse.failure import OK
from pulsehouse.score_report import answer_of


def run(alert_id: str, place: Path | None, *, as_json: bool, identified: bool) -> int:
    """Show the chain behind an alert."""
    lake = open_lake(place)
    if identified:
        audit.record(lake, audit.Read("explain", restricted(), alert_id))
    found = explanation(lake, alert_id, identified=identified)
    if as_json:
        terminal.emit_json(found.to_json())
    else:
        show(found, identified=identified)
    return OK


def show(found: Explanation, *, identified: bool = False) -> None:
    """Print the chain: the alert, its rule, its inputs, and what was missing."""
    alert = found.alert
    terminal.out().print(alert_line(alert))
    for name, text in _facts(alert, found.rule):
        terminal.write(f"  {name:14} {text}")
    _inputs(found)
    _rows_as_sent(found)
    if identified:
        _raw(found)
    missing = ", ".join(found.alert["missing"] or ()) or "nothing"
    terminal.write(f"\nMissing when it was raised: {missing}")
    terminal.heading("The rule")
    terminal.paragraph(found.rule["meaning"])
    for source in found.rule["score_sources"]:
        terminal.write(f"Score: {source}")
    terminal.note(terminal.NOTICE)


def _facts(alert: Row, rule: Row) -> Iterator[tuple[str, str]]:
    yield "alert", f"{alert['alert_id']} (episode {alert['episode_id']}, band {alert['band']})"
    if "patient_id" in alert:
        yield (
            "patient",
            f"{alert['patient_id']}, visit {alert['encounter_id']}, {alert['facility']}",
        )
    yield "raised", f"{terminal.stamp(alert['raised_at'])} by the feed's clock"
    hours = f"{alert['hours_before_batch']:.1f} h earlier"
    yield "nightly job", f"would have seen it at {terminal.stamp(alert['batch_at'])}: {hours}"
    installed = "as installed" if rule["is_current"] else "other rules than those installed now"
    yield "rules", f"{rule['rule']}, version {rule['rules_version']} ({installed})"


def _inputs(found: Explanation) -> None:
    totals = ", ".join(f"{row['name']} {terminal.number(row['value'])}" for row in found.totals)
    title = f"On these values{': ' + totals if totals else ''}"
    columns = ("input", "value", "unit", "true at", "minutes old", "points")
    terminal.show_table(title, columns, [_input(item) for item in found.inputs])


def value_of(item: Row) -> str:
    """An input's value as a person reads it; of an event, what happened."""
    stored = item["stored"] or {}
    if item["name"] in STORED_IN:
        return str(stored.get("ingredient") or stored.get("code_text") or "yes")
    return answer_of(item["name"], stored.get("concept"), item["value"])


def unit_of(item: Row) -> str | None:
    """An input's unit."""
    unit: str | None = item["unit"] or (item["stored"] or {}).get("ucum_unit")
    return unit


def _input(item: Row) -> tuple[object, ...]:
    points = ", ".join(
        f"{one['score']} {one['points']}" for one in item["points"] if one["points"] is not None
    )
    return (
        item["name"],
        value_of(item),
        unit_of(item),
        item["effective_at"],
        item["age_minutes"],
        points,
    )


def _rows_as_sent(found: Explanation) -> None:
    columns = (
        "input",
        "code",
        "name as sent",
        "value as sent",
        "unit",
        "status",
        "message",
        "place",
    )
    terminal.show_table("As they were sent", columns, [_as_sent(item) for item in found.inputs])


def _as_sent(item: Row) -> tuple[object, ...]:
    stored, message = item["stored"] or {}, item["message"] or {}
    state = stored.get("status") or stored.get("event") or stored.get("order_control")
    value = stored.get("value_text") or stored.get("dose")
    unit = stored.get("unit_as_sent") or stored.get("dose_unit")
    place = f"{item['feed']}/{item['partition']}/{item['offset']}/{item['row']}"
    told = (stored.get("code"), stored.get("code_text"), value, unit, state)
    return item["name"], *told, message.get("message_control_id"), place


def _raw(found: Explanation) -> None:
    seen = {}
    for item in found.inputs:
        if message := item["message"]:
            seen[message["feed"], message["partition"], message["offset"]] = message["raw"]
    for (feed, partition, offset), raw in seen.items():
        terminal.heading(f"Message {feed}/{partition}/{offset}")
        terminal.write(
            raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").rstrip()
        )
