"""How jobs, gates, nights and decisions look on a terminal.

Here: tables and lines; a gate's state is a word and a colour. Not here: what they say
(orchestration/migration).
"""

from collections.abc import Iterable, Mapping, Sequence

from rich.text import Text

from orchestration.migration.facts import Night
from orchestration.migration.gate import Gate, Light
from orchestration.migration.ledger import Entry
from orchestration.migration.reporting import JobEvidence, JobStatus, step_of
from pulsehouse import terminal

STYLES: Mapping[Light, str] = {
    Light.GREEN: "green",
    Light.RED: "bold red",
    Light.OPEN: "yellow",
}


def show_status(jobs: Sequence[JobStatus]) -> None:
    """One line per job."""
    columns = (
        "job",
        "state",
        "served by",
        "since",
        "matching",
        "unexplained",
        "red",
        "open",
        "next",
    )
    terminal.show_table("Nightly jobs", columns, [_status_row(job) for job in jobs])


def show_evidence(found: JobEvidence) -> None:
    """Gates, nights by class, and the line of the ledger."""
    job = found.status
    terminal.heading(f"{job.title} ({job.job}): {job.state}, served by {job.served_by}")
    show_gates(job.gates)
    _show_nights(found.nights)
    columns = ("number", "at", "by", "event", "state", "gate", "reason")
    rows = [(e.number, e.at, e.by, e.event, e.to_state, e.gate, e.reason) for e in found.entries]
    terminal.show_table("Ledger", columns, rows)
    terminal.heading(f"Next: {job.next_step}")


def show_gates(gates: Iterable[Gate]) -> None:
    """Each gate with what was found, and how to mend it where it is not green."""
    step = ""
    for gate in gates:
        if gate.id.startswith("G") and step != (step := str(step_of(gate.id))):
            terminal.heading(f"Gates before {step}")
        word = (f"{gate.state.upper():<6}", STYLES[gate.state])
        _line(Text.assemble(word, f" {gate.id:<4} {gate.title}: {gate.detail}"))
        if not gate.is_green:
            _line(Text(f"{'':12}to mend: {gate.mend}", style="dim"))


def show_entry(entry: Entry, *, dry_run: bool) -> None:
    """What an entry came to, in a sentence or two."""
    name = " in unit ".join(entry.line)
    moved = entry.from_state not in {None, entry.to_state}
    state = f"{entry.from_state} -> {entry.to_state}" if moved else f"stays in {entry.to_state}"
    gate = f" {entry.gate}" if entry.gate else ""
    event = entry.event.replace("_", " ")
    terminal.write(f"{name}: {event}{gate}, {state} (entry {entry.number}, by {entry.by})")
    if "flip_night" in entry.evidence and "rollback_seconds" not in entry.evidence:
        night = entry.evidence["flip_night"]
        terminal.write(f"served.{name}: nightly rows up to night {night}, the stream after it")
    if "rollback_seconds" in entry.evidence:
        terminal.write(f"the rollback took {entry.evidence['rollback_seconds']:.2f} s")
    if entry.event == "rolled_back":
        terminal.write(f"served.{name}: nightly rows; see that the nightly job is scheduled")
    if dry_run:
        terminal.say("dry run: nothing was written")


def _status_row(job: JobStatus) -> tuple[object, ...]:
    counted = {light: sum(gate.state is light for gate in job.gates) for light in Light}
    is_kept = not job.gates
    return (
        job.job,
        str(job.state),
        job.served_by,
        job.since,
        "" if is_kept else f"{job.matching} of {job.wanted}",
        None if is_kept else job.unexplained,
        None if is_kept else counted[Light.RED],
        None if is_kept else counted[Light.OPEN],
        job.next_step,
    )


def _show_nights(nights: Sequence[Night]) -> None:
    classes = [name for name in nights[0].classes if _has_any(nights, name)] if nights else []
    columns = ("night", "legacy", "stream", *classes, "unexplained", "wrong patients", "share")
    rows = [
        (
            one.night,
            one.legacy_rows,
            one.stream_rows,
            *(one.classes[name] for name in classes),
            one.unexplained,
            one.wrong_patients,
            "no key" if one.match_share is None else f"{one.match_share:.4%}",
        )
        for one in nights
    ]
    terminal.show_table("Nights, by class of key", columns, rows)


def _has_any(nights: Sequence[Night], name: str) -> bool:
    return any(one.classes[name] for one in nights)


def _line(text: Text) -> None:
    terminal.out().print(text, soft_wrap=True)
