"""The evening of the demo: one septic patient, who was told, and who took it.

Here: the alert, and its case played through the desk's own law in a store that is thrown away. Not
here: which act may follow which (clinical/alerts), or the desk itself (streaming/desk).
"""

import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from clinical.alerts import Act
from lakehouse.catalogue import connect
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from pulsehouse import terminal
from pulsehouse.alert_lines import alert_line
from streaming.desk.desk import open_desk
from streaming.desk.intake.taking import take

WHO: Final = "demo nurse"
# Nobody knows who stood at the bed: the demo says so, and takes as long as a walk to it.
TAKEN_AFTER: Final = timedelta(minutes=6)
# Before midnight, and hours before the nightly job: near eleven, where there is one.
_EVENING = """
select * from alerts
where rule_family = 'sepsis' and status = 'raised' and hours_before_batch > 2
order by band desc, abs(hours_before_batch - 3), alert_id
limit 1
"""


@dataclass(slots=True)
class _Evening:
    """A clock of the past that is moved by hand."""

    at: datetime
    rehearses: bool = True

    def now(self) -> datetime:
        """Now, in UTC."""
        return self.at


def evening(lake: Lake, settings: Settings) -> dict[str, Any] | None:
    """The alert and the entries of its case; None where no sepsis was suspected of an evening."""
    with connect(lake) as connection:
        rows = connection.execute(_EVENING).to_arrow_table().to_pylist()
    if not rows:
        return None
    alert = rows[0]
    entries = _played(lake, settings, alert)
    return {
        "alert_id": alert["alert_id"],
        "raised_at": alert["raised_at"],
        "batch_at": alert["batch_at"],
        "hours_before_batch": alert["hours_before_batch"],
        "entries": entries,
        "alert": alert,
    }


def _played(lake: Lake, settings: Settings, alert: dict[str, Any]) -> list[dict[str, Any]]:
    clock = _Evening(alert["raised_at"])
    with tempfile.TemporaryDirectory(prefix="pulsehouse-demo-") as folder:
        store = SecretStr(f"sqlite:///{Path(folder) / 'desk.sqlite'}")
        own = settings.model_copy(update={"desk_database": store, "desk_routes": None})
        desk = open_desk(own, lake, clock)
        try:
            take(desk, [alert], clock.at)
            clock.at += TAKEN_AFTER
            desk.cases.act(alert["alert_id"], Act("acknowledge", clock.at, WHO))
            found = desk.cases.entries(alert["alert_id"])
        finally:
            desk.close()
    return [{"at": one.at, "event": one.event, "by": one.by, "state": one.state} for one in found]


def show(found: dict[str, Any], place: Path) -> None:
    """Tell of the evening."""
    terminal.heading("An evening on the ward")
    terminal.out().print(alert_line(found["alert"]))
    columns = ("at", "what", "by", "then it is")
    rows = [
        (one["at"], one["event"], one["by"] or "the desk", one["state"]) for one in found["entries"]
    ]
    terminal.show_table("", columns, rows)
    terminal.paragraph(
        f"The nightly job would have told of it at {terminal.stamp(found['batch_at'])},"
        f" {found['hours_before_batch']:.1f} hours later. Who takes an alert is played here,"
        " through the desk's own law and in a store that is thrown away; to take it yourself:"
    )
    begins = found["raised_at"] - timedelta(minutes=2)
    terminal.write(f"  pulsehouse desk --lake {place} --at {begins:%Y-%m-%dT%H:%M}Z")
