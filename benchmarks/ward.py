"""A made-up ward: ORU^R01 messages of 7 observations each, the same at every call.

Here: writing them, and the wards that cases share. Not here: what is measured on them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Ward:
    """How many patients, how long from one message to the next, and who is gravely ill.

    Of the patients the share `alarming` is ill; where `falling` from a message on that chance
    picks, else from the first.
    """

    patients: int
    interval: timedelta
    alarming: float = 0.01
    falling: bool = False

    def onsets(self, count: int, chance: Random) -> dict[int, int]:
        """From which of so many messages on each of the ill is ill."""
        ill = [patient for patient in range(self.patients) if chance.random() < self.alarming]
        return {patient: chance.randrange(count) if self.falling else 0 for patient in ill}


# Everybody is measured once an hour, so that from 50,000 messages on the look-back is full and
# what is known no longer grows.
STEADY = Ward(2_000, timedelta(seconds=1.8))


def steady(place: Path, count: int) -> Path:
    """The steady ward's file of so many messages, written once for all cases."""
    file = place / f"steady-{count}.hl7"
    if not file.exists():
        write(file.with_suffix(".part"), count, STEADY).rename(file)
    return file


def messages(count: int, ward: Ward) -> Iterator[bytes]:
    """Messages in the order of MSH-7."""
    chance = Random(20260105)  # noqa: S311 made-up vital signs
    onsets = ward.onsets(count, chance)
    for number in range(count):
        patient = number % ward.patients
        moment = (BEGINS + number * ward.interval).strftime("%Y%m%d%H%M%S.%f")[:-3]
        is_ill = number >= onsets.get(patient, count)
        yield _message(number, patient, moment, chance, is_ill=is_ill)


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


def write(path: Path, count: int, ward: Ward) -> Path:
    """A file of messages; memory does not grow with their number."""
    with path.open("wb") as out:
        for message in messages(count, ward):
            out.write(message)
    return path
