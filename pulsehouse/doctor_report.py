"""The `doctor` command: what is wrong with a lake and its inbox, and mending it.

Here: joining what the lake's and the inbox's own looks find, and showing findings, plans and
repairs. Not here: looking and mending themselves (lakehouse/doctor, streaming/inbox).
"""

from datetime import UTC, datetime
from pathlib import Path

from lakehouse.cuts import Cut, cut
from lakehouse.doctor.checking import Checked, check
from lakehouse.doctor.findings import Finding
from lakehouse.doctor.planning import Plan, plan
from lakehouse.doctor.repairing import Outcome, repair
from lakehouse.lake import Lake
from lakehouse.losses import losses, recorded
from lakehouse.settings import Settings
from pulsehouse import deployment, doctor_salvage, failure
from pulsehouse.doctor_text import outcome_lines, plan_lines
from pulsehouse.failure import CommandError
from pulsehouse.terminal import emit_json, say, write
from streaming.inbox.arrival import JOURNAL_PARTITION
from streaming.inbox.journal_checking import journal_findings
from streaming.inbox.journal_restoring import JournalGiver
from streaming.inbox.opening import journal_directory


def run(lake: Path | None, *, check: bool, repair: bool, dry_run: bool, as_json: bool) -> int:
    """Look, plan or mend; 0 where all is well, 3 where something was found."""
    if check and (repair or dry_run):
        msg = "--check looks and --repair mends: give one of them"
        raise CommandError(msg, failure.USAGE)
    settings = deployment.settings()
    root = (lake or settings.lake).absolute()
    if dry_run:
        return _planned(settings, root, as_json=as_json)
    if repair:
        return _repaired(settings, root, as_json=as_json)
    return _checked(settings, root, as_json=as_json)


def mend(settings: Settings, root: Path, now: datetime) -> Outcome:
    """Repair a lake with the inbox that the settings name: also what `up` does before a start."""
    return repair(root, giver(settings, root), now)


def giver(settings: Settings, root: Path) -> JournalGiver:
    """The journal of a deployment, as a repair knows it."""
    return JournalGiver(journal_directory(settings, Lake(root.absolute())))


def _checked(settings: Settings, root: Path, *, as_json: bool) -> int:
    found = check(root, datetime.now(UTC))
    findings = (*found.findings, *_journal(settings, root))
    if as_json:
        emit_json(_told(found, findings))
    else:
        _show(found, findings)
    return failure.FOUND_PROBLEMS if findings else failure.OK


def _journal(settings: Settings, root: Path) -> list[Finding]:
    if settings.inbox != "journal":
        return []
    lake = Lake(root)
    directory = journal_directory(settings, lake)
    try:
        at: Cut | None = cut(lake)
        feeds = losses(lake)["feed"].unique().to_pylist()
        lost = {feed: recorded(lake, (feed, JOURNAL_PARTITION)) for feed in feeds}
    except Exception:  # a damaged lake, of which its own findings tell
        at, lost = None, {}
    return journal_findings(directory, at, lost)


def _told(found: Checked, findings: tuple[Finding, ...]) -> dict[str, object]:
    return {
        "ok": not findings,
        "findings": [finding.to_json() for finding in findings],
        "tables": dict(found.tables),
        "surroundings": found.surroundings.to_json(),
    }


def _show(found: Checked, findings: tuple[Finding, ...]) -> None:
    for one in findings:
        version = "" if one.version is None else f", version {one.version}"
        write(f"{one.code}: {one.place}{version}: {one.cause}; {one.remedy}")
    facts = found.surroundings
    running = f"process {facts.holder}" if facts.holder else "none"
    write(
        f"{len(found.tables)} tables, {len(findings)} findings; dataflow: {running};"
        f" {facts.orphans} data files without a commit, {facts.drafts} drafts,"
        f" {facts.quarantined} files moved aside, {facts.free_bytes // 1024**2} MiB free"
    )


def _planned(settings: Settings, root: Path, *, as_json: bool) -> int:
    check(root, datetime.now(UTC))
    found = plan(root)
    is_torn = doctor_salvage.is_needed(_journal(settings, root))
    # Of a torn journal nobody knows yet what it has.
    lines = [doctor_salvage.PLAN] if is_torn else []
    if not (is_torn and found.gaps):
        lines += plan_lines(found, giver(settings, root))
    if as_json:
        emit_json({"steps": lines, **_changes(found)})
    else:
        for number, line in enumerate(lines, start=1):
            write(f"{number}. {line}")
        if not lines:
            write("nothing to mend")
    return failure.FOUND_PROBLEMS if lines else failure.OK


def _repaired(settings: Settings, root: Path, *, as_json: bool) -> int:
    now = datetime.now(UTC)
    before = _salvaged(settings, root, now)
    found = mend(settings, root, now)
    lines = [*before, *outcome_lines(found, giver(settings, root))]
    if as_json:
        folder = None if found.folder is None else str(found.folder)
        told = {"steps": lines, "folder": folder, "files": found.files, "put_back": found.put_back}
        emit_json(told | _changes(found.plan))
        return failure.OK
    for line in lines or ["nothing to mend"]:
        write(line)
    if found.lost:
        say("some messages are lost: `losses` lists them, their senders may send them again")
    return failure.OK


def _salvaged(settings: Settings, root: Path, now: datetime) -> list[str]:
    """First the journal: the tables are mended out of it."""
    if not doctor_salvage.is_needed(_journal(settings, root)):
        return []
    lake = Lake(root)
    return doctor_salvage.salvaged(lake, journal_directory(settings, lake), now)


def _changes(found: Plan) -> dict[str, object]:
    return {
        "tables": [
            {"table": one.log.name, "from_version": one.newest, "to_version": one.keep}
            for one in found.asides
        ],
        "to_replay": [
            {"feed": g.feed, "partition": g.partition, "first": g.first, "last": g.last}
            for g in found.gaps
        ],
    }
