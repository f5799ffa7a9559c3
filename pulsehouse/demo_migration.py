"""The nights of the demo: fourteen of them held against the stream, and one job moved and back.

Here: the bundled extracts, the comparison, and the walk of the census. Not here: comparing
(orchestration/reconciliation), gates and decisions (orchestration/migration).
"""

import zipfile
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.migration.deciding import attest, promote, rollback
from orchestration.migration.ledger import Entry, job_entries
from orchestration.migration.rehearsal import rehearse
from orchestration.migration.reporting import served_by
from orchestration.migration.served import opened
from orchestration.migration.states import State
from orchestration.replays.arrival import replay_in_arrival_order
from pulsehouse import terminal
from pulsehouse.bars import bar
from pulsehouse.migrate_reconcile import Reconciled, jobs_of, reconciled
from pulsehouse.render.sample import FIRST_NIGHT, NIGHTS

JOB: Final = "census"
FOLDER: Final = "extracts"
WHO: Final = "demo"
REASON: Final = "demo: nobody has looked at a ward"
# What only people can answer for, before the job runs beside the stream, and before it is cut over.
BEFORE_SHADOW: Final = ("G5", "G10", "G12")
BEFORE_CUTOVER: Final = ("G14", "G16")
_SIDES = "select served_by, count(*) from served.census group by all order by all"


def nights(lake: Lake, settings: Settings) -> list[Reconciled]:
    """Land the bundled nights and compare each; again compares them anew."""
    _unpacked(settings.extracts)
    days = [FIRST_NIGHT + timedelta(days=day) for day in range(NIGHTS)]
    return list(reconciled(lake, settings, [(job, day) for day in days for job in jobs_of(None)]))


def settings_of(known: Settings, lake: Lake) -> Settings:
    """Settings under which the bundled nights are the hospital's."""
    named = {"extracts": lake.root / FOLDER, "extracts_url": None, "first_night": FIRST_NIGHT}
    return known.model_copy(update={"lake": lake.root, **named})


def walk(lake: Lake, settings: Settings) -> list[dict[str, Any]]:
    """Prove, promote to CUTOVER and roll back; none where the census was moved before."""
    if len(job_entries(lake).get(JOB, ())) > 1:
        return []
    return list(_steps(lake, settings))


def _steps(lake: Lake, settings: Settings) -> Iterator[dict[str, Any]]:
    with bar(terminal.err()) as progress:
        progress.add_task("prove", total=None, words="every stored message, replayed and compared")
        replay_in_arrival_order(lake, settings)
    for gate in BEFORE_SHADOW:
        attest(lake, settings, JOB, gate, WHO, REASON)
    for _ in range(2):
        yield _step(lake, settings, promote(lake, settings, JOB, WHO, REASON))
    yield _step(lake, settings, rehearse(lake, settings, JOB, WHO, REASON))
    for gate in BEFORE_CUTOVER:
        attest(lake, settings, JOB, gate, WHO, REASON)
    yield _step(lake, settings, promote(lake, settings, JOB, WHO, REASON))
    yield _step(lake, settings, rollback(lake, settings, JOB, WHO, "demo: the way back"))


def _step(lake: Lake, settings: Settings, entry: Entry) -> dict[str, Any]:
    with opened(lake, settings) as connection:
        sides = dict(connection.execute(_SIDES).fetchall())
    return {
        "event": entry.event,
        "from_state": entry.from_state,
        "to_state": entry.to_state,
        "served_by": served_by(State(entry.to_state)),
        "rows": {side: sides.get(side, 0) for side in ("legacy", "stream")},
    }


def _unpacked(place: Path) -> None:
    packed = files("pulsehouse.sample").joinpath("mimic3_sample_nights.zip")
    with as_file(packed) as file, zipfile.ZipFile(file) as found:
        found.extractall(place)


def totals(found: list[Reconciled]) -> list[dict[str, Any]]:
    """The nights of each job together."""
    told: dict[str, dict[str, Any]] = {}
    for one in found:
        sums = told.setdefault(one.job, {"job": one.job, "nights": 0, "clean": 0})
        sums["nights"] += 1
        sums["clean"] += one.is_clean
        for name in ("matched", "explained", "unexplained"):
            sums[name] = sums.get(name, 0) + (getattr(one, name) or 0)
    return list(told.values())


def show(compared: list[dict[str, Any]], walked: list[dict[str, Any]]) -> None:
    """Tell of the nights and of the job that was moved."""
    columns = ("job", "nights", "clean", "matched", "explained", "unexplained")
    rows = [tuple(one[name] for name in columns) for one in compared]
    terminal.show_table("Fourteen nights held against the stream", columns, rows)
    if not walked:
        terminal.note("The census was moved before; `pulsehouse migrate status` says where it is.")
        return
    names = ("event", "from_state", "to_state", "served_by")
    terminal.show_table(
        f"One job moved, and back: {JOB}",
        ("what", "from", "to", "served by", "nightly rows", "stream rows"),
        [(*(one[n] for n in names), *one["rows"].values()) for one in walked],
    )
    terminal.note(f"Signed for by `{WHO}`: in a hospital, by the people that the gates name.")
