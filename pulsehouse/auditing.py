"""`pulsehouse audit`: who read what identifies patients, and whether the record holds.

Here: how it is shown. Not here: the record itself (lakehouse/audit.py).
"""

from pathlib import Path

from lakehouse import audit
from pulsehouse import terminal
from pulsehouse.deployment import open_lake
from pulsehouse.failure import FOUND_PROBLEMS, OK


def run(place: Path | None, *, as_json: bool) -> int:
    """Show every restricted read and verify the chain; leave with 3 where it is broken."""
    found = audit.entries(open_lake(place))
    broken = audit.verify(found)
    if as_json:
        terminal.emit_json({"holds": broken is None, "first_broken": broken, "reads": found})
    else:
        _show(found, broken)
    return OK if broken is None else FOUND_PROBLEMS


def _show(found: list[audit.Entry], broken: int | None) -> None:
    cells = [
        [entry["number"], terminal.stamp(entry["at"]), entry["by"], entry["surface"]]
        for entry in found
    ]
    terminal.show_table("Restricted reads", ["number", "at", "by", "through"], cells)
    if broken is None:
        terminal.write(f"{len(found)} entries, each with the hash of the one before: unbroken")
    else:
        terminal.write(
            f"broken at entry {broken}: it was changed, or one before it was taken out;"
            " compare with a backup of the lake's audit folder"
        )
