"""Who may do what at the desk: roles, permissions, and the one matrix between them.

Here: the literal table. Not here: which routes need what (each route says so through
web/guard.py), or which units a person works on (viewers.py).

What is not in the table is refused. The engineer keeps the machine running and the administrator
keeps the accounts: neither needs a patient for it. Only those who treat may open one.
"""

from collections.abc import Collection, Mapping
from typing import Final, Literal, get_args

Role = Literal["viewer", "clinician", "lead", "engineer", "privacy", "admin"]
Permission = Literal[
    "self",  # one's own account: the password, logging off
    "alerts.read",  # the board, an alert, what happened to it
    "alerts.act",  # acknowledge, decline, hand over, snooze ...
    "patients.read",  # the patient page and its lists
    "wall.read",  # a unit's board without names
    "fatigue.read",  # loads and verdicts, counted
    "silences.read",
    "silences.write",
    "drills.start",
    "glass.break",  # see beyond one's units, for an hour, with a reason
    "reviews.read",  # the queue of broken glass
    "audit.read",
]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
PERMISSIONS: Final[tuple[Permission, ...]] = get_args(Permission)

_ALL: Final[frozenset[Permission]] = frozenset({"self", "wall.read"})
_READS: Final[frozenset[Permission]] = frozenset({"alerts.read", "patients.read", "silences.read"})
_TREATS: Final[frozenset[Permission]] = _READS | {"alerts.act", "glass.break", "fatigue.read"}

MATRIX: Final[Mapping[Role, frozenset[Permission]]] = {
    "viewer": _ALL | _READS,
    "clinician": _ALL | _TREATS,
    "lead": _ALL | _TREATS | {"silences.write", "drills.start"},
    "engineer": _ALL
    | {"alerts.read", "alerts.act", "silences.read", "drills.start", "fatigue.read"},
    "privacy": _ALL | {"reviews.read", "audit.read"},
    "admin": _ALL | {"audit.read", "fatigue.read"},
}
# Who treats patients; the units of all others hold for nothing that shows one.
CLINICAL: Final[frozenset[Role]] = frozenset({"viewer", "clinician", "lead"})

# What a service token may be given: machines read, and tell what became of a notification.
Grant = Literal["alerts.read", "patients.read", "fatigue.read", "audit.read"]
GRANTS: Final[tuple[Grant, ...]] = get_args(Grant)


def allowed(roles: Collection[Role]) -> frozenset[Permission]:
    """What a person with these roles may do, all in all."""
    return frozenset().union(*(MATRIX[role] for role in roles))
