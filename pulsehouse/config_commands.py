"""`pulsehouse config`: what can be typed about the settings, and `--config` of every command.

Here: the commands, their options and help, and where `--config` goes. Not here: their work
(config_report.py, config_file.py).
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from pulsehouse.options import JsonOption, example, work

OPTION = "--config"
# As lakehouse/setting_sources.py has it, which would slow every start; a test holds them equal.
VARIABLE = "PULSEHOUSE_CONFIG"

config = typer.Typer(
    help="Show and check the settings, and where each came from.\n\n"
    "Begin with: pulsehouse config show",
    no_args_is_help=True,
)


def taken_out(words: list[str]) -> list[str]:
    """The words without `--config FILE`, which goes into the environment.

    Wherever it stands, as `--debug`; from the environment the processes that a command starts read
    the same file.
    """
    left: list[str] = []
    rest = iter(words)
    for word in rest:
        name, _, value = word.partition("=")
        if name != OPTION or not (file := value or next(rest, "")):
            left.append(word)
        else:
            os.environ[VARIABLE] = str(Path(file).absolute())
    return left


@config.command(epilog=example("pulsehouse config show"))
def show(json: JsonOption = False) -> int:
    """Show every setting, its value and where it came from; secrets stay hidden."""
    return work("config_report", "show")(as_json=json)


@config.command(epilog=example("pulsehouse config check"))
def check(json: JsonOption = False) -> int:
    """Find everything that is wrong with the settings; exit code 3 where anything is."""
    return work("config_report", "check")(as_json=json)


@config.command(epilog=example("pulsehouse config new pulsehouse.toml"))
def new(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="The file to make. Default: pulsehouse.toml."),
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the file instead of writing it.")
    ] = False,
    json: JsonOption = False,
) -> int:
    """Write a file with every setting, commented out, with its meaning and default."""
    return work("config_file")(file, dry_run=dry_run, as_json=json)
