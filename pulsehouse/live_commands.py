"""The commands of the live side: gateway, stream, up, import, token, quarantine, doctor.

Here: what can be typed. Not here: the work (the modules that each command names).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from pulsehouse.leaving import leave_when_told
from pulsehouse.options import JsonOption, LakeOption, example, work

MllpOption = Annotated[
    list[str] | None,
    typer.Option("--mllp", metavar="FEED=PORT", help="Take a feed's HL7 v2 on a port by MLLP."),
]
HttpOption = Annotated[
    list[str] | None,
    typer.Option("--http", metavar="FEED=PORT", help="Take a feed's FHIR R4 on a port by HTTP."),
]
DropOption = Annotated[
    Path | None,
    typer.Option("--drop", metavar="DIR", help="Take files out of DIR/<feed>/ once each."),
]
HostOption = Annotated[
    str | None, typer.Option("--host", help="Address to listen on. Default: 127.0.0.1.")
]
ProcessesOption = Annotated[
    int, typer.Option("-n", "--processes", min=1, help="Processes that share the facilities.")
]
FeedOption = Annotated[str | None, typer.Option("--feed", metavar="NAME", help="Of one feed only.")]
ReasonOption = Annotated[
    str | None, typer.Option("--reason", metavar="CODE", help="With one reason code only.")
]

imports = typer.Typer(no_args_is_help=True, help="Put what was exported elsewhere into the inbox.")
token = typer.Typer(no_args_is_help=True, help="Bearer tokens of FHIR senders.")
quarantine = typer.Typer(
    no_args_is_help=True, help="Messages that could not be understood: look, mend, replay."
)


def _service(module: str) -> Callable[..., int]:
    """The work of a command that runs until it is told to stop, also while it loads."""
    leave_when_told()
    return work(module)


def gateway(
    lake: LakeOption = None,
    *,
    mllp: MllpOption = None,
    http: HttpOption = None,
    drop: DropOption = None,
    host: HostOption = None,
) -> int:
    """Take messages in, and acknowledge each once it is safe on the disk."""
    return _service("gateway_run")(lake, mllp or [], http or [], drop=drop, host=host)


def stream(lake: LakeOption = None, processes: ProcessesOption = 1) -> int:
    """Turn what the inbox holds, and what comes, into tables, scores and alerts."""
    return _service("stream_run")(lake, processes)


def up(
    lake: LakeOption = None,
    *,
    mllp: MllpOption = None,
    http: HttpOption = None,
    drop: DropOption = None,
    host: HostOption = None,
    processes: ProcessesOption = 1,
    desk: Annotated[
        bool, typer.Option("--desk/--no-desk", help="With the alert desk, or without.")
    ] = True,
    demo: Annotated[
        bool,
        typer.Option("--demo", help="Send the bundled sample, and run Dagster; into ./demo-live."),
    ] = False,
    speed: Annotated[
        str, typer.Option("--speed", metavar="Nx", help="The demo's pace: N times the ward's.")
    ] = "60x",
) -> int:
    """Run gateway, stream and alert desk together, restart what falls, and write one log."""
    given = {"drop": drop, "host": host, "processes": processes, "desk": desk}
    return _service("supervision")(
        lake, mllp or [], http or [], **given, demo=speed if demo else None
    )


@imports.command(epilog=example("pulsehouse import bulk export-folder --feed fhir_r4"))
def bulk(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of NDJSON files.")],
    feed: Annotated[str, typer.Option("--feed", metavar="NAME", help="The feed's profile.")],
    lake: LakeOption = None,
    json: JsonOption = False,
) -> int:
    """Put a FHIR Bulk Data export into the inbox; again adds nothing."""
    return work("bulk_import")(folder, feed, lake, as_json=json)


@token.command(name="create", epilog=example("pulsehouse token create ward-7 --feed fhir_r4"))
def token_create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who will use it.")],
    feed: Annotated[str, typer.Option("--feed", metavar="NAME", help="The feed it may write to.")],
    days: Annotated[int, typer.Option("--days", min=1, help="Days until it expires.")] = 365,
    lake: LakeOption = None,
) -> int:
    """Make a token and show it, once; only its digest is kept."""
    return work("token_book", "create")(name, feed, days, lake)


@token.command(name="list", epilog=example("pulsehouse token list"))
def token_list(lake: LakeOption = None, json: JsonOption = False) -> int:
    """Show who has a token, for what and until when."""
    return work("token_book", "listed")(lake, as_json=json)


@token.command(name="revoke", epilog=example("pulsehouse token revoke ward-7"))
def token_revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose token.")],
    lake: LakeOption = None,
) -> int:
    """End a token now."""
    return work("token_book", "revoke")(name, lake)


@quarantine.command(name="list", epilog=example("pulsehouse quarantine list --feed mimic3"))
def quarantine_list(
    feed: FeedOption = None,
    reason: ReasonOption = None,
    lake: LakeOption = None,
    json: JsonOption = False,
) -> int:
    """Show what is quarantined, by reason, and what was replayed."""
    return work("quarantine_report", "listed")(feed, reason, lake, as_json=json)


@quarantine.command(name="show", epilog=example("pulsehouse quarantine show mimic3/1000/17"))
def quarantine_show(
    place: Annotated[
        str, typer.Argument(metavar="FEED/PARTITION/OFFSET", help="As `list` shows it.")
    ],
    lake: LakeOption = None,
    json: JsonOption = False,
) -> int:
    """Show one message with its reason; the read is audited."""
    return work("quarantine_report", "show")(place, lake, as_json=json)


@quarantine.command(
    name="replay", epilog=example("pulsehouse quarantine replay --reason unknown_charset")
)
def quarantine_replay(
    feed: FeedOption = None,
    reason: ReasonOption = None,
    lake: LakeOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be put.")] = False,
    json: JsonOption = False,
) -> int:
    """Put quarantined messages into the inbox again, each once, as new ones."""
    return work("quarantine_replay")(feed, reason, lake, dry_run=dry_run, as_json=json)


def doctor(
    lake: LakeOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Look, and change nothing. The default.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Move aside what is damaged; a replay brings it back.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan of a repair.")] = False,
    json: JsonOption = False,
) -> int:
    """Look for damage in the lake and its inbox, and mend it without deleting anything."""
    return work("doctor_report")(lake, check=check, repair=repair, dry_run=dry_run, as_json=json)


def add_to(app: typer.Typer) -> None:
    """Give the command its live side."""
    app.command(epilog=example("pulsehouse gateway --mllp mimic3=2575"))(gateway)
    app.command(epilog=example("pulsehouse stream --lake lake"))(stream)
    app.command(epilog=example("pulsehouse up --mllp mimic3=2575 --http fhir_r4=8080"))(up)
    app.command(epilog=example("pulsehouse doctor --repair --dry-run"))(doctor)
    app.add_typer(imports, name="import")
    app.add_typer(token, name="token")
    app.add_typer(quarantine, name="quarantine")
