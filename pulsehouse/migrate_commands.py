"""`pulsehouse migrate`: what can be typed to move nightly jobs and alerts.

Here: the commands, their options and help. Not here: their work (migrating.py,
migrate_reconcile.py, migrate_alerts.py), which is imported when a command runs.
"""

from pathlib import Path
from typing import Annotated

import typer

from pulsehouse.options import JsonOption, LakeOption, example, work

migrate = typer.Typer(
    help="Retire nightly jobs one at a time: evidence, gates, decisions, and the way back.\n\n"
    "Begin with: pulsehouse migrate status",
    no_args_is_help=True,
)
alerts = typer.Typer(
    help="Take alerts live, per rule family and unit: draft, silent, pilot, live, retired.",
    no_args_is_help=True,
)

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="The nightly job, e.g. census.")]
RuleArgument = Annotated[
    str, typer.Argument(metavar="RULE", help="Rule family of the alert, e.g. sepsis.")
]
ReasonOption = Annotated[
    str,
    typer.Option("--reason", metavar="TEXT", help="Why; it stays in the ledger. Name no patient."),
]
ByOption = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who decides. Default: your account.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Check everything, and write nothing.")
]
UnitOption = Annotated[
    str, typer.Option("--unit", metavar="UNIT", help="Point of care; * is every other one.")
]


@migrate.command(epilog=example("pulsehouse migrate status --lake lake"))
def status(lake: LakeOption = None, json: JsonOption = False) -> int:
    """Show every job: its state, its nights, and what is to be done next."""
    return work("migrating", "status")(lake, as_json=json)


@migrate.command(epilog=example("pulsehouse migrate evidence census --lake lake"))
def evidence(job: JobArgument, lake: LakeOption = None, json: JsonOption = False) -> int:
    """Show what a decision about a job rests on: gates, nights by class, entries so far."""
    return work("migrating", "evidence")(job, lake, as_json=json)


@migrate.command(epilog=example('pulsehouse migrate promote census --reason "agreed on Monday"'))
def promote(
    job: JobArgument,
    *,
    reason: ReasonOption = "every gate is green",
    by: ByOption = None,
    lake: LakeOption = None,
    json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Move a job one state on; refused, with exit code 3, unless every gate is green."""
    return work("migrating", "decide")(
        "promote", job, reason, by, lake, as_json=json, dry_run=dry_run
    )


@migrate.command(epilog=example('pulsehouse migrate rollback census --reason "beds look wrong"'))
def rollback(
    job: JobArgument,
    reason: ReasonOption,
    *,
    by: ByOption = None,
    lake: LakeOption = None,
    json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Serve a job from the nightly rows again, at once; no gate is asked, no write is lost."""
    return work("migrating", "decide")(
        "rollback", job, reason, by, lake, as_json=json, dry_run=dry_run
    )


@migrate.command(epilog=example('pulsehouse migrate hold census --reason "new extract format"'))
def hold(
    job: JobArgument,
    reason: ReasonOption,
    *,
    by: ByOption = None,
    lake: LakeOption = None,
    json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Stop a job in SHADOW or DUAL_RUN until it is resumed."""
    return work("migrating", "decide")("hold", job, reason, by, lake, as_json=json, dry_run=dry_run)


@migrate.command(epilog=example('pulsehouse migrate resume census --reason "format is mended"'))
def resume(
    job: JobArgument,
    reason: ReasonOption,
    *,
    by: ByOption = None,
    lake: LakeOption = None,
    json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Let a job that is on hold begin again in SHADOW."""
    return work("migrating", "decide")(
        "resume", job, reason, by, lake, as_json=json, dry_run=dry_run
    )


@migrate.command(epilog=example('pulsehouse migrate rehearse census --reason "before Monday"'))
def rehearse(
    job: JobArgument,
    reason: ReasonOption = "rehearsal of the rollback",
    *,
    by: ByOption = None,
    lake: LakeOption = None,
    json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Flip a job and roll it back on a copy of the ledger, and write down how long that took."""
    return work("migrating", "decide")(
        "rehearse", job, reason, by, lake, as_json=json, dry_run=dry_run
    )


@migrate.command(
    epilog=example('pulsehouse migrate attest census G14 --by "Dr Example" --reason "signed"')
)
def attest(
    job: JobArgument,
    gate: Annotated[str, typer.Argument(metavar="GATE", help="The gate, e.g. G14 or G10.dst.")],
    reason: ReasonOption,
    *,
    by: ByOption = None,
    lake: LakeOption = None,
    json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Answer with your name for a gate that no machine can compute."""
    return work("migrating", "attested")(gate, job, reason, by, lake, as_json=json, dry_run=dry_run)


@migrate.command(epilog=example("pulsehouse migrate prove --lake lake"))
def prove(
    lake: LakeOption = None,
    nights: Annotated[
        int | None, typer.Option("--nights", min=1, help="Only the last so many days; all if none.")
    ] = None,
    json: JsonOption = False,
) -> int:
    """Replay every stored message, and say whether every table comes out the same, row for row."""
    return work("migrate_prove")(lake, nights, as_json=json)


@migrate.command(
    epilog=example("pulsehouse migrate reconcile census --from 2026-01-05 --to 2026-01-18")
)
def reconcile(
    job: Annotated[
        str | None, typer.Argument(metavar="[JOB]", help="One job; every job that moves if none.")
    ] = None,
    *,
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="The first night.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="The last night.")],
    extracts: Annotated[
        Path | None,
        typer.Option(
            "--extracts", metavar="DIR", help="The drop folder. Default: PULSEHOUSE_EXTRACTS."
        ),
    ] = None,
    lake: LakeOption = None,
    json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Land the nightly extracts of some nights, and hold each night against the stream."""
    return work("migrate_reconcile")(
        job, first, last, lake, extracts, as_json=json, dry_run=dry_run
    )


@alerts.command("status", epilog=example("pulsehouse migrate alerts status --lake lake"))
def alerts_status(lake: LakeOption = None, json: JsonOption = False) -> int:
    """Show every rule family and unit: state, numbers, and the gates of its next step."""
    return work("migrate_alerts", "status")(lake, as_json=json)


@alerts.command(
    "promote",
    epilog=example('pulsehouse migrate alerts promote sepsis --unit MICU --reason "pilot agreed"'),
)
def alerts_promote(
    rule: RuleArgument,
    reason: ReasonOption,
    *,
    unit: UnitOption = "*",
    by: ByOption = None,
    lake: LakeOption = None,
    json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Bring an alert one state nearer to its people; refused unless every gate is green."""
    return work("migrate_alerts", "move")(
        "promoted", rule, unit, reason, by, lake, as_json=json, dry_run=dry_run
    )


@alerts.command(
    "silence", epilog=example('pulsehouse migrate alerts silence sepsis --reason "too many"')
)
def alerts_silence(
    rule: RuleArgument,
    reason: ReasonOption,
    *,
    unit: UnitOption = "*",
    by: ByOption = None,
    lake: LakeOption = None,
    json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Take an alert back from pilot or live to silent; no gate is asked."""
    return work("migrate_alerts", "move")(
        "silenced", rule, unit, reason, by, lake, as_json=json, dry_run=dry_run
    )


@alerts.command(
    "retire", epilog=example('pulsehouse migrate alerts retire sepsis --reason "replaced"')
)
def alerts_retire(
    rule: RuleArgument,
    reason: ReasonOption,
    *,
    unit: UnitOption = "*",
    by: ByOption = None,
    lake: LakeOption = None,
    json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """End an alert in a unit."""
    return work("migrate_alerts", "move")(
        "retired", rule, unit, reason, by, lake, as_json=json, dry_run=dry_run
    )


@alerts.command(
    "attest", epilog=example('pulsehouse migrate alerts attest sepsis A2 --reason "charts read"')
)
def alerts_attest(
    rule: RuleArgument,
    gate: Annotated[str, typer.Argument(metavar="GATE", help="The gate, e.g. A2.")],
    reason: ReasonOption,
    *,
    unit: UnitOption = "*",
    by: ByOption = None,
    lake: LakeOption = None,
    json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Answer with your name for a gate of an alert."""
    return work("migrate_alerts", "move")(
        "attested", rule, unit, reason, by, lake, gate=gate, as_json=json, dry_run=dry_run
    )


migrate.add_typer(alerts, name="alerts")
