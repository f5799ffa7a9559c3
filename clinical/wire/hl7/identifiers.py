"""Patient identifiers: which repetition of a list is meant, and who assigned it.

Here: PID-3, PID-2 and MRG-1, one text at a time. Not here: columns of patients (subjects.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from clinical.wire.hl7.delimiters import Delimiters, unescape
from clinical.wire.hl7.kept import BLANKS, HL7_NULL
from clinical.wire.profile import RECORD_NUMBERS as PREFERRED

RECORD_NUMBERS = frozenset(PREFERRED)
# Kinds by which one hospital's records are numbered; senders are not strict about which.
PATIENT_NUMBERS = RECORD_NUMBERS | {"PI", "PT"}
AUTHORITY, TYPE = 4, 5


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier with its assigning authority, "" where none is named."""

    value: str
    authority: str
    kind: str


def identifiers(
    text: str, delimiters: Delimiters, kinds: Sequence[str] = PREFERRED
) -> list[Identifier]:
    """The usable identifiers of a field: those of the first of these kinds first, then as sent."""
    repetitions = text.split(delimiters.repetition) if delimiters.repetition else [text]
    found = [_identifier(repetition, delimiters) for repetition in repetitions]
    usable = [identifier for identifier in found if identifier.value]
    if len(usable) <= 1:
        return usable
    ranks = {kind: rank for rank, kind in enumerate(kinds)}
    return sorted(usable, key=lambda identifier: ranks.get(identifier.kind, len(ranks)))


def pair(
    surviving: list[Identifier], retired: list[Identifier], fallback: str
) -> tuple[str, Identifier, Identifier] | None:
    """An authority, its identifier that lives on and the one that is retired.

    A retired identifier without an authority belongs to that of the surviving one. None where no
    two are of one authority, or where an identifier would retire itself: joining the numbers of two
    authorities would merge two patients who only share a number. Nor are two joined that say of
    what kind they are, and are of two kinds: a number at one hospital's insurer is no record.

    Args:
        surviving: PID-3.
        retired: MRG-1.
        fallback: The authority of a surviving identifier that names none.
    """
    for old in retired:
        for new in surviving:
            authority = new.authority or fallback
            if (
                (old.authority or authority) == authority
                and old.value != new.value
                and _are_alike(old, new)
            ):
                return authority, new, old
    return None


def _are_alike(one: Identifier, other: Identifier) -> bool:
    """Whether two identifiers may be numbers of one series."""
    kinds = {one.kind, other.kind}
    return "" in kinds or len(kinds) == 1 or kinds <= PATIENT_NUMBERS


def _identifier(repetition: str, delimiters: Delimiters) -> Identifier:
    parts = repetition.split(delimiters.component)
    authority = parts[AUTHORITY - 1] if len(parts) >= AUTHORITY else ""
    kind = parts[TYPE - 1] if len(parts) >= TYPE else ""
    # A namespace id, else the universal id of the authority.
    spaces = authority.split(delimiters.subcomponent) if delimiters.subcomponent else [authority]
    names = [_plain(space, delimiters) for space in spaces]
    return Identifier(
        _plain(parts[0], delimiters),
        next(filter(None, names), ""),
        _plain(kind, delimiters).upper(),
    )


def _plain(text: str, delimiters: Delimiters) -> str:
    read = unescape(text, delimiters).strip(BLANKS)
    return "" if read == HL7_NULL else read
