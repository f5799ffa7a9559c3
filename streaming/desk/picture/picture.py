"""The picture: what the lake says of any patient at a moment.

Here: `Picture`, one method for each thing that a page shows, each of the rows that had been
received by the moment asked. Not here: how it is kept up (mirror.py), the laws (asking.py), or how
one thing is told (drugs.py, readings.py, people.py, standing_contexts.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from clinical.detection.batch_clock import BatchClock
from lakehouse import observations
from lakehouse.lake import Lake
from streaming.desk.picture import people, scored, standing_contexts
from streaming.desk.picture.asking import Laws
from streaming.desk.picture.drugs import compared
from streaming.desk.picture.lists import Lists
from streaming.desk.picture.mirror import Mirror, News
from streaming.desk.picture.person import Person
from streaming.desk.picture.places import Stays
from streaming.desk.picture.readings import LABS, VITALS, readings
from streaming.desk.picture.views import (
    Drug,
    Held,
    Identity,
    Key,
    Location,
    MedicationList,
    Reading,
    Scored,
)


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of one lake. One thread keeps it up; any thread asks."""

    lake: Lake
    clock: BatchClock
    mirror: Mirror
    laws: Laws = field(default_factory=Laws)
    lists: Lists = field(init=False)
    stays: Stays = field(init=False)

    def __post_init__(self) -> None:
        """Nothing was asked yet."""
        object.__setattr__(self, "lists", Lists(self.laws))
        object.__setattr__(self, "stays", Stays(self.laws))

    @classmethod
    def of(cls, lake: Lake, clock: BatchClock) -> "Picture":
        """A picture that shows nothing yet; `clock` says when the nightly list is made."""
        return cls(lake, clock, Mirror(lake))

    def keep_up(self, now: datetime) -> News:
        """Take in what the lake tells since; the first time all that may still count."""
        return self.mirror.keep_up(now)

    def close(self) -> None:
        """Let go of the engines."""
        self.laws.close()

    def as_of(self, at: datetime | None = None) -> datetime | None:
        """When the newest message came that is in it; None where it knows of none.

        A picture of an earlier moment has nothing that came later: it is as of that moment.
        """
        newest = self.mirror.standing.as_of
        return newest if newest is None or at is None else min(newest, at)

    def has(self, feed: str, partition: int, offset: int) -> bool:
        """Whether a message is in it."""
        reached: int = self.mirror.standing.cut.get((feed, partition), -1)
        return reached >= offset

    def facilities(self, patient_id: str) -> tuple[str | None, ...]:
        """Where somebody has this identifier; None stands for rows that name no facility."""
        return tuple(name or None for name in sorted(self.mirror.kin.facilities(patient_id)))

    def person(self, facility: str | None, patient_id: str) -> Person:
        """Everybody whose rows may tell of a patient."""
        return Person.of(self.mirror.standing, self.mirror.kin, facility, patient_id)

    def identity(
        self, facility: str | None, patient_id: str, at: datetime | None = None
    ) -> Identity:
        """Who a patient is."""
        key = (facility, patient_id)
        return people.identities({key: self._alone(key)}, at)[key]

    def identities(self, keys: Iterable[Key], at: datetime | None = None) -> Mapping[Key, Identity]:
        """Who several patients are, by facility and identifier."""
        return people.identities({key: self._alone(key) for key in set(keys)}, at)

    def medications(
        self,
        facility: str | None,
        patient_id: str,
        at: datetime,
        known_at: datetime | None = None,
    ) -> MedicationList:
        """The drugs in force at a moment, and what changed since the nightly list before it.

        By what had been received by that moment, unless another is named.
        """
        run, known_at = self.clock.last_until(at), known_at or at
        one = self.person(facility, patient_id)
        _, now = self.lists.told(one, (facility, patient_id), at, known_at)
        _, listed = self.lists.told(one, (facility, patient_id), run, run)
        return MedicationList(at, self.as_of(known_at), run, compared(now, listed))

    def ask_ahead(self, keys: Iterable[Key], at: datetime) -> Mapping[Key, datetime]:
        """Ask for several patients' lists at once; until when what is known now tells each."""
        ones = {key: self.person(*key) for key in keys}
        run = self.clock.last_until(at)
        self.lists.ask_for(ones, at, at)
        self.lists.ask_for(ones, run, run)
        self.locations(ones, at)
        return {key: self.lists.told(one, key, at, at)[0].before for key, one in ones.items()}

    def orders(self, facility: str | None, patient_id: str, at: datetime) -> tuple[Drug, ...]:
        """Every drug of every order as it stood at a moment, whatever its state."""
        key = (facility, patient_id)
        return self.lists.told(self.person(*key), key, at, at)[1]

    def vitals(self, facility: str | None, patient_id: str, at: datetime) -> tuple[Reading, ...]:
        """The newest vital signs, as charted at the bed."""
        return readings(self._results(facility, patient_id, at), VITALS, at)

    def labs(self, facility: str | None, patient_id: str, at: datetime) -> tuple[Reading, ...]:
        """The newest laboratory results."""
        return readings(self._results(facility, patient_id, at), LABS, at)

    def standing(self, one: Person, at: datetime) -> pa.Table:
        """Of everybody in question, the version that stands of each result."""
        facts = {name: one.kept(name, at) for name in observations.LAW.needs}
        return self.laws.ask("results", facts, at)

    def _results(self, facility: str | None, patient_id: str, at: datetime) -> pa.Table:
        one = self.person(facility, patient_id)
        known = people.owners(one, facility, at)
        return people.only(self.standing(one, at), known, facility, patient_id)

    def scores(self, facility: str | None, patient_id: str, at: datetime) -> tuple[Scored, ...]:
        """The newest row of each score."""
        return scored.scores(self._alone((facility, patient_id)), at)

    def contexts(self, facility: str | None, patient_id: str, at: datetime) -> tuple[Held, ...]:
        """The contexts that hold."""
        one = self.person(facility, patient_id)
        return standing_contexts.held(
            one, people.owners(one, facility, at), (facility, patient_id), at
        )

    def location(self, facility: str | None, patient_id: str, at: datetime) -> Location | None:
        """Where a patient is; None where no stay tells it."""
        return self.locations([(facility, patient_id)], at).get((facility, patient_id))

    def locations(self, keys: Iterable[Key], at: datetime) -> Mapping[Key, Location]:
        """Where several patients are, asked in one go."""
        # A visit that is moved or merged is told of by its patients: others have none of these.
        ones = {key: self._alone(key) for key in set(keys)}
        ones |= {key: self.person(*key) for key, one in ones.items() if one.is_named}
        return self.stays.locations(ones, at)

    def sparkline(
        self, keys: Iterable[Key], at: datetime, hours: float = 24
    ) -> Mapping[Key, list[tuple[datetime, float]]]:
        """NEWS2 over the hours before a moment, by patient, the oldest first."""
        return scored.lines({key: self._alone(key) for key in set(keys)}, at, hours)

    def _alone(self, key: Key) -> Person:
        return Person.alone(self.mirror.standing, self.mirror.kin, *key)
