"""`pulsehouse desk`: what can be typed.

Here: the command and its options. Not here: its work (desk_run.py), or the commands of its accounts
(desk_accounts_commands.py).
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from pulsehouse import desk_accounts_commands
from pulsehouse.leaving import leave_when_told
from pulsehouse.options import LakeOption, example, work


class Role(StrEnum):
    """A part of the desk that a process can be."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"
    INTAKE = "intake"


RoleOption = Annotated[
    Role, typer.Option("--role", help="Only a part: the pages, the sending, or the taking in.")
]
WorkersOption = Annotated[
    int, typer.Option("--workers", min=1, max=32, help="Most sends to one receiver at a time.")
]
AtOption = Annotated[
    datetime | None,
    typer.Option(
        "--at",
        formats=["%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ"],
        metavar="TIME",
        help="Rehearse: a replayed lake from this time (UTC) on, as 2026-01-16T04:00Z.",
    ),
]
SendOption = Annotated[
    bool, typer.Option("--send", help="In a rehearsal: send to receivers all the same.")
]

desk = typer.Typer(
    invoke_without_command=True, help="The alert desk: pages, people, and what they are told."
)


@desk.callback(epilog=example("pulsehouse desk --lake lake"))
def serve(
    context: typer.Context,
    lake: LakeOption = None,
    role: RoleOption = Role.ALL,
    workers: WorkersOption = 4,
    *,
    at: AtOption = None,
    send: SendOption = False,
) -> int:
    """Tell people of alerts, and ask on until somebody takes each."""
    if context.invoked_subcommand is not None:
        return 0
    leave_when_told()
    return work("desk_run")(lake, role.value, workers, at=at, send=send)


desk_accounts_commands.add_to(desk)
