"""The desk: what its parts work with, wired in one place.

Here: `Desk` and `open_desk`. Not here: what runs (running.py), or what any part does.
"""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from clinical.detection.batch_clock import BatchClock
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from streaming.desk.cases import Cases
from streaming.desk.clock import Clock, shared
from streaming.desk.picture.picture import Picture
from streaming.desk.planning import Planner
from streaming.desk.routing import routes_of
from streaming.desk.store.opening import open_store
from streaming.desk.waking import Bell


@dataclass(frozen=True, slots=True)
class Desk:
    """An open desk. `bell` is rung when there is something new to send.

    The picture shows nothing until somebody keeps it up (running.py).
    """

    lake: Lake
    settings: Settings
    clock: Clock
    engine: Engine
    cases: Cases
    planner: Planner
    picture: Picture
    bell: Bell

    @property
    def late(self) -> timedelta:
        """An alert that is older when the desk first sees it is told to nobody."""
        return timedelta(hours=self.settings.desk_late_hours)

    def close(self) -> None:
        """Let go of the store and of the picture."""
        self.picture.close()
        self.engine.dispose()


def open_desk(
    settings: Settings, lake: Lake, clock: Clock | None = None, *, leads: bool = True
) -> Desk:
    """Open the desk over a lake; its store is made, or brought up to date.

    Args:
        settings: The deployment.
        lake: The lake, open for writing.
        clock: What time it is; the clock that all share who work on the store where None.
        leads: Whether this process may say what time it is where the store has no clock itself.

    Raises:
        StoreError: The store cannot be reached, or is of a newer release.
        RoutesError: The routes cannot be.
    """
    engine = open_store(settings, lake.root)
    clock = clock or shared(engine, leads=leads)
    planner = Planner(routes_of(settings))
    bell = Bell()
    picture = Picture.of(lake, BatchClock(ZoneInfo(settings.hospital_zone), settings.batch_hour))
    cases = Cases(engine, planner, bell)
    return Desk(lake, settings, clock, engine, cases, planner, picture, bell)
