"""Who a patient is, and whose rows are his.

Here: the law of identities over the ledger's events of one patient, and his demographics. Not here:
the law (clinical/encounters/identities.py).
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from clinical.encounters.identities import Identities
from lakehouse.tables import IDENTITY_EVENTS, PATIENT_DEMOGRAPHICS
from streaming.desk.picture.person import Person, together
from streaming.desk.picture.runs import plain
from streaming.desk.picture.views import Identity, Key

LEARNT: Final = ("received_at", "feed", "partition", "offset", "row")
_TOLD: Final = ("family_name", "given_name", "birth_date", "sex", "deceased")
_READ: Final = (*LEARNT, "facility", "patient_id", *_TOLD)


def owners(one: Person, facility: str | None, at: datetime | None = None) -> Identities:
    """Who stands for whom by what was known at a moment; all of it where it is None."""
    if not one.is_named:
        return Identities()
    rows = learnt(one.facts(IDENTITY_EVENTS.name, at))
    return Identities.of(row for row in rows.to_pylist() if row["facility"] == facility)


def learnt(rows: pa.Table) -> pa.Table:
    """Rows in the order in which we learnt them."""
    return rows.sort_by([(name, "ascending") for name in LEARNT])


def only(rows: pa.Table, known: Identities, facility: str | None, patient_id: str) -> pa.Table:
    """The rows of one patient, whatever identifier and visit they came under."""
    mine = known.survivor(patient_id)
    whose = zip(
        rows["facility"].to_pylist(),
        rows["patient_id"].to_pylist(),
        rows["encounter_id"].to_pylist(),
        strict=True,
    )
    kept = [
        at == facility and sent and known.owner(sent, visit) == mine for at, sent, visit in whose
    ]
    return rows.filter(pa.array(np.array(kept, np.bool_)))


def identities(ones: Mapping[Key, Person], at: datetime | None) -> dict[Key, Identity]:
    """Who each of several patients is."""
    if not ones:
        return {}
    rows = learnt(plain(together(ones.values(), PATIENT_DEMOGRAPHICS.name, at, _READ)))
    told: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for row in rows.to_pylist():
        told[row["facility"], row["patient_id"]].append(row)
    return {key: _identity(one, key, told, at) for key, one in ones.items()}


def _identity(
    one: Person, key: Key, told: Mapping[Key, list[dict[str, Any]]], at: datetime | None
) -> Identity:
    """Who a patient is: of each part of the demographics the newest that was told.

    What was told of the identifier that stands for him goes before what was told of others.
    """
    facility, patient_id = key
    known = owners(one, facility, at)
    survivor = known.survivor(patient_id)
    names = (name.text for name in one.names if not name.is_visit)
    others = sorted({name for name in names if known.survivor(name) == survivor} - {survivor})
    rows = [row for name in (*others, survivor) for row in told.get((facility, name), ())]
    found: dict[str, Any] = {}
    for row in rows:
        found |= {name: row[name] for name in _TOLD if row[name] is not None}
    return Identity(
        facility,
        survivor,
        (survivor, *others),
        name=_name(found),
        **{name: found.get(name) for name in ("birth_date", "sex", "deceased")},
    )


def _name(told: dict[str, Any]) -> str | None:
    parts = [told[part] for part in ("family_name", "given_name") if told.get(part)]
    return ", ".join(parts) or None
