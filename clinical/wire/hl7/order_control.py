"""What an ORC does to its order, whether it orders a test or a drug.

Here: ORC-1 and ORC-5 (HL7 tables 0119 and 0038) as literal tables, and the event that both name
together. Not here: what was ordered (orders.py, medications.py), or the state that follows from
many events (lakehouse/orders.py, lakehouse/medications.py).
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.index import Index, Rows
from clinical.wire.hl7.text import Positions

ORC_CONTROL, ORC_PLACER, ORC_FILLER, ORC_STATUS = 1, 2, 3, 5
ORC_PARENT, ORC_TIME = 8, 9
ORDERED, CHANGED, HELD, RESUMED = "ordered", "changed", "held", "resumed"
DISCONTINUED, CANCELLED, COMPLETED = "discontinued", "cancelled", "completed"
DISPENSED = "dispensed"

# Decided whatever the status says. A request counts as done, and a refusal of it (`unable to`)
# undoes it: nobody gives a drug that somebody has asked to stop.
DECISIVE: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("HD", "HR", "OH", "UR"), HELD),
        **dict.fromkeys(("RL", "OE", "OR", "UH", "UC", "UD"), RESUMED),
        **dict.fromkeys(("DC", "DR", "OD"), DISCONTINUED),
        **dict.fromkeys(("CA", "OC", "CR", "UA"), CANCELLED),
    }
)
# Requests, answers and notices that leave the order as it is, and changes of what it orders. Any
# other control code stands for an order.
CHANGING = frozenset(
    {"XO", "XX", "XR", "UX", "RP", "RQ", "RU", "UM", "SC", "SR", "SS", "RF", "AF", "DF", "UF"}
)
DISPENSING = frozenset({"OF", "FU"})
# The order is replaced where an RO of the same message follows it; alone it is only changed.
REPLACED, REPLACEMENT = frozenset({"RP", "RQ", "RU"}), "RO"
# ORC-5, HL7 table 0038; a state that is not here says nothing that an order does not.
STATUSES: Mapping[str, str] = MappingProxyType(
    {"CA": CANCELLED, "DC": DISCONTINUED, "RP": DISCONTINUED, "HD": HELD, "CM": COMPLETED}
)
_OTHER: Mapping[str, str] = MappingProxyType(
    {**dict.fromkeys(CHANGING, CHANGED), **dict.fromkeys(DISPENSING, DISPENSED)}
)
_EITHER: Mapping[str, str] = MappingProxyType({**_OTHER, **DECISIVE})
_REPLACING: frozenset[str | None] = REPLACED | {REPLACEMENT}


def events(orc: Rows) -> pa.Array:
    """What each ORC does to its order; an ORC that does not say stands for an order."""
    told = _told(orc)
    if REPLACEMENT not in orc.said(ORC_CONTROL):
        return told
    replaced, _ = replacements(orc)
    if not replaced.any():
        return told
    return pc.if_else(pa.array(replaced), pa.scalar(DISCONTINUED), told)


def _told(orc: Rows) -> pa.Array:
    """What each ORC says by itself: its status counts where its control is not decisive."""
    status = orc.lookup(ORC_STATUS, STATUSES, None)
    if status.null_count == len(status):
        return pc.fill_null(orc.lookup(ORC_CONTROL, _EITHER, ORDERED), ORDERED)
    decided = orc.lookup(ORC_CONTROL, DECISIVE, None)
    other = orc.lookup(ORC_CONTROL, _OTHER, ORDERED)
    return pc.coalesce(decided, status, other, pa.scalar(ORDERED))


def replaces(orc: Rows) -> bool:
    """Whether any ORC replaces an order or is replaced: what another ORC says then counts."""
    return bool(_REPLACING & orc.said(ORC_CONTROL))


def replacements(orc: Rows) -> tuple[npt.NDArray[np.bool_], Positions]:
    """Which ORC are replaced by a later one of their message; and the one that each replaces.

    The second is a row here, or -1. RP names the old order, and every RO up to the next RP a new
    one in its place (HL7 v2.8.2, 4.5.1.1).
    """
    control = orc.common(ORC_CONTROL)
    new = pc.fill_null(pc.equal(control, REPLACEMENT), False).to_numpy(zero_copy_only=False)
    none = np.full(len(orc), -1)
    if not new.any():
        return np.zeros(len(orc), np.bool_), none
    old = pc.is_in(control, pa.array(sorted(REPLACED))).to_numpy(zero_copy_only=False)
    latest = np.maximum.accumulate(np.where(old, np.arange(len(orc)), -1))
    same = (latest >= 0) & (orc.message[latest] == orc.message)
    of = np.where(new & same, latest, none)
    replaced = np.zeros(len(orc), np.bool_)
    replaced[of[of >= 0]] = True
    return replaced, of


def replaced_ids(orc: Rows, order_id: pa.Array) -> pa.Array:
    """The order that each ORC's replaces: that of the RP before an RO, else its parent (ORC-8)."""
    if not replaces(orc):
        return pa.nulls(len(orc), pa.string())
    _, of = replacements(orc)
    control = orc.common(ORC_CONTROL)
    named = pc.is_in(control, pa.array([REPLACEMENT, *sorted(REPLACED)]))
    parent = pc.if_else(named, orc.common(ORC_PARENT), pa.scalar(None, pa.string()))
    found = pc.coalesce(order_id.take(pa.array(of, mask=of < 0)), parent)
    return pc.if_else(
        pc.equal(found, order_id).fill_null(False), pa.scalar(None, pa.string()), found
    )


def alone(index: Index, orc: Positions, details: tuple[str, ...]) -> Positions:
    """The ORC segments that no detail follows."""
    if not len(orc):
        return orc
    following = index.after(orc, "ORC", *details)
    found: Positions = orc[(following < 0) | (index.kinds[following] == index.kinds[orc])]
    return found
