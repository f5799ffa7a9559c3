"""`pulsehouse demo --story`: the evening, the nights, and what to open.

Here: the order of the story. Not here: its parts (demo_evening.py, demo_migration.py), or the
replay before it (demo.py).
"""

from pathlib import Path
from typing import Any, Final

from orchestration.report.page import write
from orchestration.report.reading import report
from pulsehouse import demo_evening, demo_migration, terminal
from pulsehouse.deployment import open_lake, settings
from pulsehouse.render.sample import FIRST_NIGHT

# All of the sample, whatever its newest message.
DAYS: Final = 366
PAGE: Final = Path("reports") / "quality.html"


def told(place: Path, *, as_json: bool) -> dict[str, Any]:
    """Play the story over a lake that holds the sample; its stable form."""
    lake = open_lake(place, create=True)
    own = demo_migration.settings_of(settings(), lake)
    evening = demo_evening.evening(lake, own)
    if evening is not None and not as_json:
        demo_evening.show(evening, place)
    compared = demo_migration.totals(demo_migration.nights(lake, own))
    walked = demo_migration.walk(lake, own)
    if not as_json:
        demo_migration.show(compared, walked)
    page = place / PAGE
    page.parent.mkdir(exist_ok=True)
    write(report(lake, own, days=DAYS), page)
    if not as_json:
        _open(place, page)
    kept = {name: value for name, value in (evening or {}).items() if name != "alert"}
    return {"evening": kept, "nights": compared, "walk": walked, "report": str(page)}


def _open(place: Path, page: Path) -> None:
    terminal.heading("Open")
    nights = f"PULSEHOUSE_FIRST_NIGHT={FIRST_NIGHT}"
    extracts = f"PULSEHOUSE_EXTRACTS={place / demo_migration.FOLDER}"
    for what, how in (
        ("the quality report", f"{page}, in a browser"),
        ("which job can go next", f"{nights} pulsehouse migrate status --lake {place}"),
        ("Dagster", f"PULSEHOUSE_LAKE={place} {extracts} {nights} make ui"),
    ):
        terminal.write(f"  {what:<22} {how}")
