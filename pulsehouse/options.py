"""Options that commands share, and how a command is told and begun.

Here: what `--lake` and `--json` are, the example under a help text, and the late import of a
command's work. Not here: the commands (command.py, migrate_commands.py).
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, cast

import typer

LakeOption = Annotated[
    Path | None,
    typer.Option(
        "--lake", metavar="DIR", help="The lake's directory. Default: PULSEHOUSE_LAKE, or ./lake."
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON, and nothing else, to stdout.")
]


def example(*lines: str) -> str:
    """The line under a help text."""
    return "Example: " + "  ".join(lines)


def work(module: str, name: str = "run") -> Callable[..., int]:
    """What a command runs; imported only now, because its engines take half a second."""
    return cast("Callable[..., int]", getattr(import_module(f"pulsehouse.{module}"), name))
