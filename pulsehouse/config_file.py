"""The settings as a file: every one of them, commented out, with its default.

Here: the text of `pulsehouse.toml`, made from the settings, and `pulsehouse config new`. Not here:
reading it (lakehouse/setting_sources.py).
"""

from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lakehouse import setting_words
from lakehouse.setting_groups import GROUPS
from lakehouse.setting_sources import FILE, PREFIX
from pulsehouse import terminal
from pulsehouse.failure import OK, USAGE, CommandError

OPENING = f"""# Settings of Pulsehouse, each with its default: take away its # and change it.
# A variable of the environment goes before this file: {PREFIX}LAKE for lake, and so on.
# `pulsehouse config check` finds what is wrong here, `pulsehouse config show` what is in force.
# Made by `pulsehouse config new`; paths are relative to where a command is run.
"""


def run(file: Path | None, *, dry_run: bool, as_json: bool) -> int:
    """Write the file where there is none yet, or show what it would hold."""
    place = file or FILE
    if dry_run:
        terminal.write(text().rstrip())
        return OK
    _write(place)
    if as_json:
        terminal.emit_json({"file": str(place), "settings": list(setting_words.fields())})
    else:
        terminal.write(f"{place} holds every setting, each commented out with its default")
    return OK


def text() -> str:
    """The whole file."""
    return "\n".join([OPENING, *map(_group, GROUPS)])


def _write(place: Path) -> None:
    """Make the file; one that is there is somebody's work and stays.

    Raises:
        CommandError: There is such a file already, or it cannot be written.
    """
    try:
        with place.open("x", encoding="utf-8") as file:
            file.write(text())
    except FileExistsError:
        msg = f"{str(place)!r} is there already and was left as it is; name another file"
        raise CommandError(msg, USAGE) from None
    except OSError as error:
        msg = f"cannot write {str(place)!r}: {error.strerror}; name a file that can be written"
        raise CommandError(msg) from None


def _group(group: type[BaseModel]) -> str:
    settings = "\n".join(_setting(name, field) for name, field in group.model_fields.items())
    return f"# --- {setting_words.title(group).rstrip('.')} ---\n\n{settings}"


def _setting(name: str, field: FieldInfo) -> str:
    value = setting_words.default(field)
    remark = "" if value else " Not set; for example:"
    return (
        f"# {field.description} It takes {setting_words.takes(field)}.{remark}\n"
        f"#{name} = {value or setting_words.example(field)}\n"
    )
