"""Who looks at the desk right now, and how far they see.

Here: the viewer as a value, and the questions that pages ask of it. Not here: how one becomes a
viewer (sessions.py, service_tokens.py), or what a refusal looks like (web/guard.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from streaming.desk.accounts.permissions import CLINICAL, Permission, Role
from streaming.desk.scopes import Scope

EVERY_UNIT: Final = None
Units = frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Glass:
    """What a person broke the glass for: a unit, or one patient as `facility/patient_id`."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Broken:
    """Broken glass as the banner tells of it."""

    what: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person with a session, or a machine with a token.

    `units` is None for every unit. `broken_glass` says until when each thing may be seen beyond
    them. `session` is the digest of the session; None for a token.
    """

    name: str
    display: str
    roles: frozenset[Role]
    permissions: frozenset[Permission]
    units: Units
    session: str | None = None
    csrf: str = ""
    broken_glass: Mapping[Glass, datetime] = field(default_factory=dict)

    @property
    def is_machine(self) -> bool:
        """Whether this is a service with a token."""
        return self.session is None

    def may(self, permission: Permission) -> bool:
        """Whether the viewer's roles, or its token, allow it."""
        return permission in self.permissions

    def sees_unit(self, unit: str | None, now: datetime) -> bool:
        """Whether patients of a unit may be shown; None is a patient of no known unit."""
        if not self._is_clinical():
            return False
        if self.units is EVERY_UNIT or unit in self.units:
            return True
        return unit is not None and self._broke(Glass("unit", unit), now)

    def sees_case(self, unit: str | None, now: datetime) -> bool:
        """Whether an alert of a unit may be shown.

        One whose patient's unit nobody knows is shown to all who treat somewhere: better one pair
        of eyes too many than none.
        """
        if unit is None:
            return self._is_clinical() and (self.units is EVERY_UNIT or bool(self.units))
        return self.sees_unit(unit, now)

    def sees_patient(self, facility: str, patient_id: str, unit: str | None, now: datetime) -> bool:
        """Whether one patient may be shown, who lies on a unit."""
        glass = Glass("patient", f"{facility}/{patient_id}")
        return self.sees_unit(unit, now) or (self._is_clinical() and self._broke(glass, now))

    def scope(self, now: datetime) -> Scope:
        """The units whose cases a list may hold."""
        if not self._is_clinical():
            return Scope(frozenset())
        if self.units is EVERY_UNIT:
            return Scope(None)
        broken = {
            glass.name
            for glass in self.broken_glass
            if glass.kind == "unit" and self._broke(glass, now)
        }
        return Scope(self.units | broken)

    def broken(self, now: datetime) -> tuple[Broken, ...]:
        """What the viewer sees beyond their units, and until when."""
        return tuple(
            Broken(f"{glass.kind} {glass.name}", until)
            for glass, until in self.broken_glass.items()
            if now < until
        )

    def _broke(self, glass: Glass, now: datetime) -> bool:
        end = self.broken_glass.get(glass)
        return end is not None and now < end

    def _is_clinical(self) -> bool:
        return self.is_machine or bool(self.roles & CLINICAL)
