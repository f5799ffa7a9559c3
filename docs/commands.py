"""The page docs/commands.md: every command, what it does, and what it takes.

Here: `page()`, and `python -m docs.commands > docs/commands.md`; a test holds the page to the
commands. Not here: any command (pulsehouse/command.py).
"""

import re
import sys
from collections.abc import Iterator

import click
import typer

from pulsehouse.command import app

OPENING = """# Commands

Made from the commands themselves by `python -m docs.commands > docs/commands.md`: change the
commands, not this page. What an exit code means: [exit codes](exit-codes-and-errors.md); what a
command reads besides its options: [settings](settings.md)."""
HEADER = "| Takes | Default | Meaning |\n|---|---|---|"


def page() -> str:
    """The whole page."""
    root = typer.main.get_command(app)
    return "\n\n".join([OPENING, *_sections(root, "pulsehouse", 2)]) + "\n"


def _sections(command: click.Command, name: str, level: int) -> Iterator[str]:
    told = [f"{'#' * level} {name}", _prose(command.help or ""), _parameters(command)]
    yield "\n\n".join(part for part in told if part)
    for word, below in sorted(getattr(command, "commands", {}).items()):
        if not below.hidden:
            yield from _sections(below, f"{name} {word}", min(level + 1, 4))


def _prose(text: str) -> str:
    """The help's paragraphs as one line each; what it shows as typed stays as typed."""
    paragraphs = text.replace("\f", "").split("\n\n")
    return "\n\n".join(_paragraph(one) for one in paragraphs if one.strip())


def _paragraph(text: str) -> str:
    if text.lstrip().startswith("\b"):
        return "```text\n" + text.lstrip("\b\n ").rstrip() + "\n```"
    return _safe(text)


def _safe(text: str) -> str:
    return re.sub(r"([<>|*_])", r"\\\1", " ".join(re.sub(r"\[/?\w+\]", "", text).split()))


def _parameters(command: click.Command) -> str:
    rows = [_row(one) for one in command.params if not getattr(one, "hidden", False)]
    return "\n".join([HEADER, *rows]) if rows else ""


def _row(one: click.Parameter) -> str:
    names = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
    if isinstance(one, click.Argument):
        names = f"`{(one.metavar or one.name or '').upper()}`"
    default = one.default
    shown = not (default is None or callable(default) or isinstance(default, bool | tuple | list))
    value = f"`{default}`" if shown and "Sentinel" not in repr(default) else ""
    needed = "required" if one.required else value
    return f"| {names} | {needed} | {_safe(getattr(one, 'help', '') or '')} |"


if __name__ == "__main__":
    sys.stdout.write(page())
