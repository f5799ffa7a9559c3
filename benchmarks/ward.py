"""A made-up ward: ORU^R01 messages of 7 observations each, the same at every call.

Here: writing them. Not here: what is measured on them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

FEED = "mimic3"
OBSERVATIONS = 7
BEGINS = datetime(2026, 1, 5, tzinfo=UTC)
# Item, unit, mean, spread; and a mean that alerts.
_ITEMS = (
    ("220045", "bpm", 80, 10, 140),
    ("220210", "insp/min", 16, 2, 34),
    ("220277", "%", 97, 1, 84),
    ("220179", "mmHg", 125, 10, 80),
    ("220180", "mmHg", 70, 8, 40),
    ("220181", "mmHg", 85, 8, 55),
    ("223762", "?C", 37.0, 0.3, 39.6),
)


def messages(
    count: int, *, patients: int, interval: timedelta, alarming: float = 0.01
) -> Iterator[bytes]:
    """Messages in the order of MSH-7; of the patients, the share `alarming` is gravely ill."""
    chance = Random(20260105)  # noqa: S311 made-up vital signs
    ill = {patient for patient in range(patients) if chance.random() < alarming}
    for number in range(count):
        patient = number % patients
        moment = (BEGINS + number * interval).strftime("%Y%m%d%H%M%S.%f")[:-3]
        yield _message(number, patient, moment, chance, is_ill=patient in ill)


def _message(number: int, patient: int, moment: str, chance: Random, *, is_ill: bool) -> bytes:
    lines = [
        f"MSH|^~\\&|BENCH|WARD|PULSEHOUSE|LAKE|{moment}||ORU^R01^ORU_R01|B{number}|P|2.5.1",
        f"PID|1||{patient}^^^WARD^MR||BENCH^PATIENT||19500101|F",
        f"PV1|1|I|WARD^{patient % 40}^1||||||||||||||||V{patient}",
        f"OBR|1||O{number}|VITALS^^BENCH|||{moment}|||||||||||||||{moment}|||F",
    ]
    for place, (item, unit, mean, spread, grave) in enumerate(_ITEMS, start=1):
        value = chance.gauss(grave if is_ill else mean, spread)
        lines.append(f"OBX|{place}|NM|{item}^Item^MIMIC_CHART||{value:.1f}|{unit}|||||F|||{moment}")
    return ("\r".join(lines) + "\r").encode()


def write(path: Path, count: int, *, patients: int, interval: timedelta) -> Path:
    """A file of messages; memory does not grow with their number."""
    with path.open("wb") as out:
        for message in messages(count, patients=patients, interval=interval):
            out.write(message)
    return path
