"""`pulsehouse audit` and what belongs to it: what can be typed.

Here: commands and options. Not here: their work (auditing.py, audit_proof.py).
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pulsehouse.options import JsonOption, LakeOption, example, work

audit = typer.Typer(
    invoke_without_command=True,
    help="Show who read what identifies patients, and verify that no entry is missing.",
    epilog=example("pulsehouse audit --lake demo-lake"),
)

AnchorsOption = Annotated[
    Path | None,
    typer.Option(
        "--anchors",
        metavar="FILE",
        help="Anchors that were kept elsewhere; `desk/audit.anchors` in the lake where none named.",
    ),
]
SinceOption = Annotated[
    datetime | None, typer.Option("--since", metavar="TIME", help="From this time on, in UTC.")
]


@audit.callback()
def _reads(context: typer.Context, lake: LakeOption = None, json: JsonOption = False) -> int:
    """Show who read what identifies patients, and verify that no entry is missing."""
    if context.invoked_subcommand is not None:
        return 0
    return work("auditing")(lake, as_json=json)


@audit.command(epilog=example("pulsehouse audit verify --lake lake"))
def verify(lake: LakeOption = None, anchors: AnchorsOption = None, json: JsonOption = False) -> int:
    """Verify both audits, the lake's and the desk's; leave with 3 where one was touched."""
    return work("audit_proof", "verify")(lake, anchors, as_json=json)


@audit.command(epilog=example("pulsehouse audit export --lake lake --since 2026-01-16"))
def export(lake: LakeOption = None, since: SinceOption = None) -> int:
    """Print the desk's audit as FHIR AuditEvents, one in a line."""
    return work("audit_proof", "export")(lake, since)
