"""The medication list of a moment beside the nightly one.

Here: what is in force, what the list of the night said, and what changed between the two. Not here:
when an order is in force (lakehouse/medications.py), or when the night's run was
(clinical/detection/batch_clock.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from streaming.desk.picture.views import Change, Drug

# A state in which a nurse must know of the order.
STANDING: Final = frozenset({"active", "held"})
# What makes an order another than the list says; a state is told beside it.
COMPARED: Final = ("drug", "dose", "dose_unit", "rate", "rate_unit", "route", "started_at")

_SAME: Final = (
    *("order_id", "code", "route", "dose", "dose_unit", "rate", "rate_unit", "started_at"),
    *("state", "state_since", "ends_at", "feed", "partition", "offset", "row"),
)


def drugs(
    orders: Iterable[Mapping[str, Any]], facility: str | None, patient_id: str
) -> tuple[Drug, ...]:
    """Every drug of a patient's orders as the law told them, whatever its state."""
    found = [
        _drug(row)
        for row in orders
        if row["patient_id"] == patient_id and row["facility"] == facility
    ]
    return tuple(sorted(found, key=_by_name))


def compared(now: Sequence[Drug], listed: Sequence[Drug]) -> tuple[Drug, ...]:
    """The drugs that stand now, with what changed since the list, and those that ended since.

    One order may have several drugs: they are known by their code within it, else by their turn.
    """
    before = _by_order(drug for drug in listed if drug.state in STANDING)
    found = []
    for order, mine in _by_order(now).items():
        pairs = list(_pairs(mine, before.pop(order, [])))
        found += [drug for pair in pairs if (drug := _told(*pair)) is not None]
    # An order of the list of which nothing is known any more: it is another patient's now.
    found += [replace(drug, change="ended") for gone in before.values() for drug in gone]
    return tuple(sorted(found, key=lambda drug: (drug.state not in STANDING, *_by_name(drug))))


def _drug(row: Mapping[str, Any]) -> Drug:
    return Drug(
        drug=row["code_text"] or row["ingredient"] or row["code"],
        told_at=row["received_at"],
        **{name: row[name] for name in _SAME},
    )


def _by_name(drug: Drug) -> tuple[str, str, str, int]:
    return (drug.drug or "").casefold(), drug.order_id, drug.code or "", drug.row


def _by_order(drugs: Iterator[Drug] | Sequence[Drug]) -> dict[str, list[Drug]]:
    found: dict[str, list[Drug]] = defaultdict(list)
    for drug in drugs:
        found[drug.order_id].append(drug)
    return dict(found)


def _pairs(
    now: Sequence[Drug], before: Sequence[Drug]
) -> Iterator[tuple[Drug | None, Drug | None]]:
    """The drugs of one order with those of the list: of the same code, then in their turn."""
    left, unpaired = list(before), []
    for drug in now:
        same = next((one for one in left if (one.code, one.drug) == (drug.code, drug.drug)), None)
        if same is None:
            unpaired.append(drug)
        else:
            left.remove(same)
            yield drug, same
    for drug in unpaired:
        yield drug, left.pop(0) if left else None
    for gone in left:
        yield None, gone


def _told(drug: Drug | None, listed: Drug | None) -> Drug | None:
    """A drug with its change; None for one that neither stands nor stood on the list."""
    if drug is None:
        return None if listed is None else replace(listed, change="ended", state="replaced")
    if listed is None:
        return replace(drug, change="new") if drug.state in STANDING else None
    was = {
        name: getattr(listed, name)
        for name in COMPARED
        if getattr(listed, name) != getattr(drug, name)
    }
    return replace(drug, change=_change(drug, listed, was), was=was)


def _change(drug: Drug, listed: Drug, was: Mapping[str, Any]) -> Change | None:
    if drug.state not in STANDING:
        return "ended"
    if drug.state != listed.state:
        return "held" if drug.state == "held" else "resumed"
    return "changed" if was else None
