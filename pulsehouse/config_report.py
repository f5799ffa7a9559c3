"""`pulsehouse config show` and `check`: the settings in force, and what is wrong with them.

Here: how they are told. Not here: reading and judging them (lakehouse/settings.py).
"""

from typing import Any

from lakehouse import setting_words
from lakehouse.setting_sources import Fault, Reading
from lakehouse.settings import Settings
from pulsehouse import deployment, terminal
from pulsehouse.failure import FOUND_PROBLEMS, OK


def show(*, as_json: bool) -> int:
    """Show every setting, its value, and where it came from; secrets stay hidden."""
    settings = deployment.settings()
    _, reading, _ = Settings.checked()
    rows = [_row(settings, reading, name) for name in setting_words.fields()]
    if as_json:
        terminal.emit_json({"file": _file(reading), "settings": rows})
        return OK
    cells = [[row["name"], row["value"], row["place"] or row["source"]] for row in rows]
    terminal.show_table("", ["setting", "value", "from"], cells)
    return OK


def check(*, as_json: bool) -> int:
    """Tell everything that is wrong with the settings; leave with 3 where anything is."""
    _, reading, found = Settings.checked()
    if as_json:
        terminal.emit_json({"file": _file(reading), "faults": [_fault(fault) for fault in found]})
    else:
        _show_faults(reading, found)
    return FOUND_PROBLEMS if found else OK


def _row(settings: Settings, reading: Reading, name: str) -> dict[str, Any]:
    given = reading.given.get(name)
    return {
        "name": name,
        "value": setting_words.shown(setting_words.fields()[name], getattr(settings, name)),
        "source": given.source if given else "default",
        "place": given.place if given else None,
    }


def _fault(fault: Fault) -> dict[str, str]:
    return {
        "level": fault.level,
        "place": fault.place,
        "setting": fault.setting,
        "told": fault.told,
    }


def _show_faults(reading: Reading, found: list[Fault]) -> None:
    for fault in found:
        terminal.write(f"{fault.level}: {fault}")
    if not found:
        where = _file(reading) or "no file"
        counts = {
            source: sum(given.source == source for given in reading.given.values())
            for source in ("file", "environment")
        }
        terminal.write(
            f"the settings can be used: {counts['file']} from {where},"
            f" {counts['environment']} from the environment, the rest by default"
        )


def _file(reading: Reading) -> str | None:
    return str(reading.file) if reading.file else None
