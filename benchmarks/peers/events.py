"""The events of the stream job, the same at every call, and the law as NEWS2 has it.

Here: making both from the product's own tables. Not here: who works on them.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

from benchmarks.peers.law import Law, Vital
from clinical.scores.news2 import NEWS2
from clinical.scoring.inputs import AIR

# Patients are measured in turns, and a turn of all seven ends long before a look-back of 12 h.
PATIENTS = 2_000
STEP_MS = 10
BEGINS_MS = 1_767_571_200_000
# The input of a score, and the concept that is charted for it: flow above that of air is oxygen.
CHARTED = {"oxygen": "oxygen_flow"}
# Mean and spread of a ward, and the decimals that a band is defined on.
_WARD = {
    "respiratory_rate": (17, 3, 0),
    "spo2": (95, 2.5, 0),
    "oxygen_flow": (-1, 2, 1),
    "systolic_bp": (122, 20, 0),
    "heart_rate": (84, 18, 0),
    "consciousness": (-1, 1, 0),
    "temperature": (37.1, 0.8, 1),
}


def law() -> Law:
    """NEWS2 on SpO2 scale 1, by the concepts that are charted."""
    found = []
    for parameter in NEWS2.parameters:
        [option] = parameter.alternatives
        bands = option.bands[0]
        code = CHARTED.get(option.input, option.input)
        found.append(Vital(code, tuple(map(float, bands.bounds)), tuple(bands.scored)))
    return tuple(found)


def lines(patients: int = PATIENTS) -> Iterator[str]:
    """Events without end."""
    chance = Random(20260105)  # noqa: S311 made-up vital signs
    number = 0
    while True:
        # A patient's seven are charted one after the other, each round in another order.
        codes = list(_WARD)
        chance.shuffle(codes)
        for code in codes:
            for patient in range(patients):
                yield _line(patient, BEGINS_MS + number * STEP_MS, code, chance)
                number += 1


def _line(patient: int, time: int, code: str, chance: Random) -> str:
    mean, spread, decimals = _WARD[code]
    highest = {"spo2": 100.0, "consciousness": 4.0}.get(code, 300.0)
    value = round(min(max(chance.gauss(mean, spread), 0.0), highest), decimals)
    return f'{{"patient":"P{patient:05}","time":{time},"code":"{code}","value":{value}}}\n'


def write(path: Path, count: int, patients: int = PATIENTS) -> Path:
    """A file of events; memory does not grow with their number."""
    with path.open("w", encoding="ascii") as out:
        out.writelines(islice(lines(patients), count))
    return path


assert AIR["oxygen_flow"] == 0, "the law's band of oxygen opens above 0"  # noqa: S101
