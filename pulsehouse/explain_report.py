"""`pulsehouse explain`: the chain of an alert, for a person or for a machine.

Here: how it is shown. Not here: where it comes from (explanation.py).
"""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from clinical.concepts import CONCEPTS
from clinical.detection.batch_clock import BatchClock
from lakehouse import audit
from pulsehouse import terminal
from pulsehouse.alert_lines import alert_line
from pulsehouse.connection import restricted
from pulsehouse.contents import Row
from pulsehouse.deployment import open_lake, settings
from pulsehouse.explained_nights import is_worked_out
from pulsehouse.explanation import Explanation, explanation
from pulsehouse.failure import OK
from pulsehouse.score_report import answer_of


def run(alert_id: str, place: Path | None, *, as_json: bool, identified: bool) -> int:
    """Show the chain behind an alert."""
    lake = open_lake(place)
    if identified:
        audit.record(lake, audit.Read("explain", restricted(), alert_id))
    found = explanation(lake, alert_id, nightly(), identified=identified)
    if as_json:
        terminal.emit_json(found.to_json())
    else:
        show(found, identified=identified)
    return OK


def nightly() -> BatchClock:
    """When the hospital's nightly job runs."""
    known = settings()
    return BatchClock(ZoneInfo(known.hospital_zone), known.batch_hour)


def show(found: Explanation, *, identified: bool = False) -> None:
    """Print the chain: the alert, its contexts, inputs and points, what was missing, the rule."""
    alert = found.alert
    terminal.out().print(alert_line(alert))
    for name, text in _facts(alert, found.rule):
        terminal.write(f"  {name:14} {text}")
    _contexts(found)
    _inputs(found)
    _points(found)
    missing = "; ".join(found.alert["missing"] or ()) or "nothing"
    terminal.write(f"\nMissing when it was raised: {missing}")
    for name in found.earlier_unknown:
        terminal.write(f"  {name}: nothing was known of it, so it was taken for 0")
    _nights(found)
    _rows_as_sent(found)
    if identified:
        _raw(found)
    _rule(found.rule)
    terminal.note(terminal.NOTICE)


def _facts(alert: Row, rule: Row) -> Iterator[tuple[str, str]]:
    yield "alert", f"{alert['alert_id']} (episode {alert['episode_id']}, band {alert['band']})"
    if "patient_id" in alert:
        yield (
            "patient",
            f"{alert['patient_id']}, visit {alert['encounter_id']}, {alert['facility']}",
        )
    yield "raised", f"{terminal.stamp(alert['raised_at'])} by the feed's clock"
    declared = alert["declared_severity"]
    lowered = f", lowered from {declared}" if declared not in (None, alert["severity"]) else ""
    meant = "nobody, suppressed" if alert["suppressed_by"] else alert["route"] or "unit"
    yield "severity", f"{alert['severity']}{lowered}; meant for: {meant}"
    hours = f"{alert['hours_before_batch']:.1f} h earlier"
    yield "nightly job", f"would have seen it at {terminal.stamp(alert['batch_at'])}: {hours}"
    installed = "as installed" if rule["is_current"] else "other rules than those installed now"
    yield "rules", f"{rule['rule']}, version {rule['rules_version']} ({installed})"


def _contexts(found: Explanation) -> None:
    columns = ("context", "effect", "since", "certainty", "rests on", "reason")
    rows = [
        (
            one["context"],
            one["effect"],
            one["since"],
            one["certainty"],
            f"{_said(one)}, {_place(one)}",
            one["reason"],
        )
        for one in found.contexts
    ]
    terminal.show_table("Contexts that held", columns, rows)
    for one in found.contexts:
        if one["charted_ahead"]:
            terminal.write(f"  {one['context']}: charted ahead, of a time after the alert")


def _said(one: Row) -> str:
    """What the row behind a context says, in the sender's words where there are any."""
    stored = one["stored"] or {}
    words = ("value_text", "ingredient", "code_text", "code", "event")
    said = next((str(stored[word]) for word in words if stored.get(word)), one["table"])
    at = stored.get("effective_at") or stored.get("started_at") or stored.get("received_at")
    return f"{said} at {terminal.stamp(at)}" if at else said


def _inputs(found: Explanation) -> None:
    totals = ", ".join(f"{row['name']} {terminal.number(row['value'])}" for row in found.totals)
    title = f"On these values{': ' + totals if totals else ''}"
    columns = ("input", "value", "unit", "true at", "known at", "minutes old", "place")
    terminal.show_table(title, columns, [_input(item) for item in found.inputs])
    for item in found.inputs:
        if item["worked_from"]:
            terminal.write(f"  {item['name']}: {item['worked_from']}")
        for told in item["since"]:
            terminal.write(f"  {item['name']}: {_since(told)}")


def _since(told: Row) -> str:
    """What was told of an input after the alert."""
    value = " ".join(filter(None, (told["value_text"], told["unit_as_sent"])))
    said = f"{told['says'] or 'told again'}{f', {value}' if value else ''}"
    return f"since then {said}: known at {terminal.stamp(told['received_at'])}, {_place(told)}"


def value_of(item: Row) -> str:
    """An input's value as a person reads it; of an event, what happened."""
    stored, concept = item["stored"] or {}, CONCEPTS.get(item["concept"])
    if concept and concept.kind == "event" and not is_worked_out(item):
        return str(stored.get("ingredient") or stored.get("code_text") or "yes")
    return answer_of(item["name"], item["concept"], item["value"])


def unit_of(item: Row) -> str | None:
    """An input's unit."""
    stored = {} if is_worked_out(item) else item["stored"] or {}
    unit: str | None = item["unit"] or stored.get("ucum_unit")
    return unit


def _place(item: Row) -> str:
    return f"{item['feed']}/{item['partition']}/{item['offset']}/{item['row']}"


def _input(item: Row) -> tuple[object, ...]:
    times = (item["effective_at"], item["known_at"], item["age_minutes"])
    return (item["name"], value_of(item), unit_of(item), *times, _place(item))


def _points(found: Explanation) -> None:
    for one in found.sums:
        mine = [
            part
            for part in found.parts
            if (part["score"], part["variant"]) == (one["score"], one["variant"])
        ]
        columns = ("parameter", "from", "value", "unit", "points", "by the band")
        title = (
            f"{one['score']} ({one['variant']}), {one['state']}: {one['written'] or 'no number'}"
        )
        terminal.show_table(title, columns, [_part(part) for part in mine])
        terminal.write(f"  {one['told_by']}")
        for looked_up in found.looked_up:
            if (looked_up["score"], looked_up["variant"]) == (one["score"], one["variant"]):
                terminal.write(f"  {looked_up['parameter']}: {_looked_up(looked_up)}")
        if one["missing"]:
            low, high = (terminal.shown(one[name]) for name in ("lowest", "highest"))
            missing = ", ".join(one["missing"])
            terminal.write(f"  counted as 0 for want of a value: {missing}; so {low} to {high}")


def _looked_up(one: Row) -> str:
    if one["name"] is None:
        return str(one["says"])
    value = answer_of(one["name"], one["name"], one["value"])
    told = " ".join(filter(None, (one["name"], value, one["unit"])))
    where = f" at {terminal.stamp(one['effective_at'])}, {_place(one)}" if one["feed"] else ""
    return f"{told}{where}: {one['says']}"


def _part(part: Row) -> tuple[object, ...]:
    value = answer_of(part["parameter"], part["concept"], part["value"])
    return (part["parameter"], part["concept"], value, part["unit"], part["points"], part["band"])


def _nights(found: Explanation) -> None:
    known = found.nights
    runs = (known["run_before_at"], known["run_after_at"])
    columns = ("input", "in this alert", *(f"run of {terminal.stamp(run)}" for run in runs))
    rows = [
        (one["name"], _night(one, one), *(_night(one, one[run]) for run in ("before", "after")))
        for one in known["inputs"]
    ]
    terminal.show_table("What the nightly job would have known", columns, rows)


def _night(one: Row, told: Row | None) -> str:
    if told is None:
        return "worked out" if is_worked_out(one) else "nothing"
    concept = CONCEPTS.get(one["concept"])
    is_event = concept is not None and concept.kind == "event" and not is_worked_out(one)
    value = "yes" if is_event else answer_of(one["name"], one["concept"], told["value"])
    at = told.get("effective_at")
    return f"{value} ({terminal.stamp(at)})" if at else value


def _rule(rule: Row) -> None:
    terminal.heading(f"The rule: {rule['title'] or rule['family']}")
    terminal.paragraph(rule["meaning"])
    columns = ("band", "rule", "severity", "says")
    rows = [(one["band"], one["rule"], one["severity"], one["title"]) for one in rule["bands"]]
    terminal.show_table("Its bands, the gravest last", columns, rows)
    if limits := rule["critical_limits"]:
        low, high = (terminal.shown(limits[name]) or "none" for name in ("low", "high"))
        said = f"critical below {low} or above {high} {limits['unit']}; {limits['published']}"
        terminal.write(f"{limits['concept']}: {said}")
    for name in ("population", "evidence", "citation", "intended_use", "limits"):
        if rule[name]:
            terminal.write(f"{name.replace('_', ' ').capitalize()}: {rule[name]}")
    for source in rule["score_sources"]:
        terminal.write(f"Score: {source}")


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
    told = (stored.get("code"), stored.get("code_text"), value, unit, state)
    return item["name"], *told, message.get("message_control_id"), _place(item)


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
