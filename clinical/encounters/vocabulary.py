"""What an event does to a visit: the names of encounter events by their effect.

Here: the one list of them, from which the law in Python and in SQL both derive. Not here: which
trigger of HL7 or status of FHIR has which name (clinical/wire).
"""

from collections.abc import Mapping
from types import MappingProxyType

# A visit begins, or begins again.
OPENINGS = ("admit", "register")
# The patient is at the place that the event names from then on.
MOVES = (*OPENINGS, "transfer", "swap", "arrive", "class_change", "return")
DISCHARGE, LEAVE, UPDATE, DELETE = "discharge", "leave", "update", "delete_visit"
# A visit that is expected; nobody lies anywhere yet.
PLANS = ("preadmit", "pending_admit")
# What takes back which events. Cancelled plans were never part of the line of places.
CANCELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cancel_admit": OPENINGS,
        "cancel_transfer": ("transfer",),
        "cancel_discharge": (DISCHARGE,),
        "cancel_arrive": ("arrive",),
        "cancel_leave": (LEAVE,),
        "cancel_return": ("return",),
        "cancel_preadmit": ("preadmit",),
        "cancel_pending_admit": ("pending_admit",),
    }
)
# The cancellations that say of a patient: still here.
STAYS = ("cancel_discharge", "cancel_transfer", "cancel_leave")
# Events of one moment, written down at one moment, in this order.
RANK: Mapping[str, int] = MappingProxyType(
    {name: number for number, name in enumerate((*PLANS, *MOVES, LEAVE, UPDATE, DISCHARGE, DELETE))}
)
# All that bears on where a visit is.
PLACING = frozenset([*RANK, *CANCELS])
OCCUPIED, AWAY, INFERRED = "occupied", "leave", "inferred"
