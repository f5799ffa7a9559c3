"""Rows of patients dealt out anew when it turns out whose they are.

Here: `regrouped`. Not here: whose they are (clinical/encounters/identities.py), or when that
changes (engine.py).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from clinical.encounters.identities import Identities
from clinical.scoring.memory import Patient, Stack, joined, remembered, taken
from clinical.scoring.sources import Source


def regrouped(
    known: Mapping[str, Patient], identities: Identities, sources: Sequence[Source]
) -> dict[str, Patient]:
    """The same rows under those they belong to now, in the order of their arrival.

    Time has passed alike for all whose rows were one patient's: each new owner's clock is the
    newest of those from whom rows came.
    """
    owners = list(known)
    told = [joined([known[name].rows, known[name].withdrawn]) for name in owners]
    rows, before = joined(told), np.repeat(np.arange(len(owners)), [len(one) for one in told])
    order = np.argsort(rows["arrival"], kind="stable")
    rows, before = taken(rows, order), before[order]
    distinct, place = np.unique(rows["source"], return_inverse=True)
    whose = [identities.owner(*sources[number]) for number in distinct.tolist()]
    found: dict[str, Patient] = {}
    for name in sorted({*whose, *map(identities.survivor, owners)}):
        mine = np.flatnonzero(np.array([one == name for one in whose], np.bool_)[place])
        givers = {owners[number] for number in np.unique(before[mine]).tolist()}
        givers |= {one for one in owners if identities.survivor(one) == name}
        clock = max((known[one].clock for one in givers), default=0)
        found[name] = _patient(taken(rows, mine), clock)
    return found


def _patient(rows: Stack, clock: int) -> Patient:
    """Who is told these rows now, as far as they are remembered by the clock."""
    rows = taken(rows, np.flatnonzero(remembered(rows, np.array(clock))))
    return Patient(clock=clock, heard=[(rows, np.full(len(rows), clock))])
