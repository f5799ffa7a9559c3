"""`pulsehouse desk user` and `pulsehouse desk token`: what can be typed.

Here: commands and options. Not here: their work (desk_accounts.py), or `pulsehouse desk` itself
(desk_commands.py).
"""

from typing import Annotated

import typer

from pulsehouse.options import JsonOption, LakeOption, example, work

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]
UnitOption = Annotated[
    list[str] | None,
    typer.Option("--unit", metavar="UNIT", help="A unit; more than once for several, '*' for all."),
]

RoleOption = Annotated[
    list[str],
    typer.Option(
        "--role",
        metavar="ROLE",
        help="viewer, clinician, lead, engineer, privacy or admin; more than once for several.",
    ),
]

user = typer.Typer(no_args_is_help=True, help="Accounts of the alert desk.")
token = typer.Typer(no_args_is_help=True, help="Tokens of services that read the alert desk.")


@user.command(
    name="add",
    epilog=example("pulsehouse desk user add ada --display 'Ada L.' --role clinician --unit MICU"),
)
def user_add(
    name: NameArgument,
    role: RoleOption,
    unit: UnitOption = None,
    display: Annotated[
        str, typer.Option("--display", metavar="TEXT", help="The name that others see.")
    ] = "",
    lake: LakeOption = None,
) -> int:
    """Add an account and print a one-time link by which its person sets the password."""
    return work("desk_accounts", "user_add")(name, lake, display, role, unit or [])


@user.command(
    name="assign", epilog=example("pulsehouse desk user assign ada --role lead --unit MICU")
)
def user_assign(
    name: NameArgument, role: RoleOption, unit: UnitOption = None, lake: LakeOption = None
) -> int:
    """Give a person these roles and units, and no others."""
    return work("desk_accounts", "user_assign")(name, lake, role, unit or [])


@user.command(name="list", epilog=example("pulsehouse desk user list"))
def user_list(lake: LakeOption = None, json: JsonOption = False) -> int:
    """Show the accounts, with their roles and units."""
    return work("desk_accounts", "user_list")(lake, as_json=json)


@user.command(name="disable", epilog=example("pulsehouse desk user disable ada"))
def user_disable(name: NameArgument, lake: LakeOption = None) -> int:
    """Keep a person out from now on; what they did stays theirs."""
    return work("desk_accounts", "user_disable")(name, lake)


@user.command(name="password", epilog=example("pulsehouse desk user password ada"))
def user_password(name: NameArgument, lake: LakeOption = None) -> int:
    """Print a one-time link by which a person sets another password."""
    return work("desk_accounts", "user_password")(name, lake)


@token.command(
    name="create",
    epilog=example("pulsehouse desk token create ehr --grant patients.read --unit '*'"),
)
def token_create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who will use it.")],
    grant: Annotated[
        list[str],
        typer.Option(
            "--grant",
            metavar="PERMISSION",
            help="alerts.read, patients.read, fatigue.read or audit.read; more than once for more.",
        ),
    ],
    unit: UnitOption = None,
    days: Annotated[int, typer.Option("--days", min=1, help="Days until it expires.")] = 90,
    lake: LakeOption = None,
) -> int:
    """Make a token and show it, once; only its digest is kept."""
    return work("desk_accounts", "token_create")(
        name, lake, grants=grant, units=unit or [], days=days
    )


@token.command(name="list", epilog=example("pulsehouse desk token list"))
def token_list(lake: LakeOption = None, json: JsonOption = False) -> int:
    """Show the tokens: what each may, where, and until when."""
    return work("desk_accounts", "token_list")(lake, as_json=json)


@token.command(name="revoke", epilog=example("pulsehouse desk token revoke ehr"))
def token_revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose token.")],
    lake: LakeOption = None,
) -> int:
    """End a token now."""
    return work("desk_accounts", "token_revoke")(name, lake)


def add_to(desk: typer.Typer) -> None:
    """Give `pulsehouse desk` its accounts."""
    desk.add_typer(user, name="user")
    desk.add_typer(token, name="token")
