"""`pulsehouse routes`: what can be typed to try out who is told of which alert.

Here: the commands, their options and help. Not here: their work (routes_checking.py,
routes_testing.py, routes_simulating.py), which is imported when a command runs.
"""

from pathlib import Path
from typing import Annotated

import typer

from pulsehouse.options import JsonOption, LakeOption, example, work

routes = typer.Typer(
    help="Try out who is told of which alert, before anybody is.\n\n"
    "Begin with: pulsehouse routes test",
    no_args_is_help=True,
)

FileArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FILE]",
        help="The routes file. Default: the setting desk_routes, or the plain one.",
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="By the file's own clock. Default: now."),
]


@routes.command(epilog=example("pulsehouse routes check my_routes.yaml"))
def check(file: FileArgument = None, json: JsonOption = False) -> int:
    """Find what is wrong or unwise in a routes file; exit code 3 where an alert may be missed."""
    return work("routes_checking")(file, as_json=json)


@routes.command(
    "test",
    epilog=example(
        "pulsehouse routes test my_routes.yaml --unit ICU --severity critical --at 2026-01-16T04:00"
    ),
)
def try_out(
    file: FileArgument = None,
    *,
    unit: Annotated[
        list[str] | None,
        typer.Option("--unit", metavar="UNIT", help="Default: every unit that the file names."),
    ] = None,
    severity: Annotated[
        list[str] | None,
        typer.Option("--severity", help="low, medium, high, critical. Default: each of them."),
    ] = None,
    family: Annotated[
        str | None, typer.Option("--family", metavar="FAMILY", help="Rule family, e.g. sepsis.")
    ] = None,
    rule: Annotated[str | None, typer.Option("--rule", metavar="RULE", help="One rule.")] = None,
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help="Whom a context re-routes it to.")
    ] = "unit",
    technical: Annotated[
        bool, typer.Option("--technical", help="A technical alarm, not a patient's alert.")
    ] = False,
    drill: Annotated[bool, typer.Option("--drill", help="A drill.")] = False,
    at: AtOption = None,
    json: JsonOption = False,
) -> int:
    """Show who would be told of an alert, in which order and when. Nothing is sent."""
    return work("routes_testing")(
        file,
        units=unit or [],
        severities=severity or [],
        kind=(family, rule, role, technical, drill),
        at=at,
        as_json=json,
    )


@routes.command(
    epilog=example("pulsehouse routes simulate my_routes.yaml --lake lake --from 2026-01-01")
)
def simulate(
    file: FileArgument = None,
    *,
    lake: LakeOption = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day of alerts (UTC).")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Last day of alerts (UTC).")
    ] = None,
    taken: Annotated[
        str,
        typer.Option(
            "--taken-after", metavar="TIME", help="How long until somebody takes one; or never."
        ),
    ] = "10m",
    closed: Annotated[
        str, typer.Option("--closed-after", metavar="TIME", help="How long a taken one is open.")
    ] = "4h",
    json: JsonOption = False,
) -> int:
    """Replay a lake's alerts through the routes: pages per person, shift and unit."""
    return work("routes_simulating")(
        file, lake, days=(since, until), taken=taken, closed=closed, as_json=json
    )
