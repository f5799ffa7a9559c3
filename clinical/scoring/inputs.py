"""Inputs of scores: the current value of a concept, or one derived from several.

Here: `oxygen` (air or oxygen) from device, flow and FiO2; `gcs` from the charted total or its
parts; completed hours in care. Not here: bands, and the columnar twin of these rules (panel.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from clinical.scoring.validity import MICROSECONDS_PER_HOUR, SAME_MOMENT

OXYGEN_CONCEPTS = ("oxygen_device", "oxygen_flow", "fio2")
GCS_PARTS = ("gcs_eye", "gcs_verbal", "gcs_motor")
GCS_FROM_PARTS = "gcs_eye+gcs_verbal+gcs_motor"
PAO2_FIO2 = "pao2/fio2"
URINE_PER_DAY = "urine_output per 24 h"
URINE_RATE = "urine_output per kg and h"
# Values that no row states: they are worked out from several. A concept number below 0 means one.
WORKED_OUT = (GCS_FROM_PARTS, PAO2_FIO2, URINE_PER_DAY, URINE_RATE)
HOURS_IN_CARE = ("hours_in_hospital", "hours_in_icu", "hours_before_icu")
DERIVED: Mapping[str, tuple[str, ...]] = {
    "oxygen": OXYGEN_CONCEPTS,
    "gcs": ("gcs_total", *GCS_PARTS),
    **dict.fromkeys(HOURS_IN_CARE, ("icu_admission", "admission", "discharge")),
}

# What tells whom a score is for, beside what it is made of.
POPULATION_INPUTS = ("birth_date", "pregnancy")

# The highest value that still means room air: device room_air, flow 0 L/min, FiO2 21 %.
AIR: Mapping[str, float] = {"oxygen_device": 0, "oxygen_flow": 0, "fio2": 21}


@dataclass(frozen=True, slots=True)
class Reading:
    """A value that counts now, rounded to its concept's precision, and the row it came from.

    In windows it is not rounded, and `arrival` orders what has one clinical time.
    """

    concept: str
    value: float
    effective_at: int
    source: tuple[str, int, int, int]
    arrival: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """What is known now: readings by input, and the inputs that are known but too old."""

    current: Mapping[str, Reading]
    stale: frozenset[str]


def concepts_of(name: str) -> tuple[str, ...]:
    """The concepts an input rests on."""
    return DERIVED.get(name, (name,))


def derive(panel: Panel, now: int) -> Panel:
    """Add the derived inputs to a panel of concepts; no event of care ever grows stale."""
    current, stale = {**panel.current, **_hours_in_care(panel.current, now)}, set(panel.stale)
    for name, rule in (("oxygen", _oxygen), ("gcs", _gcs)):
        reading = rule(panel.current)
        if reading is not None:
            current[name] = reading
        elif panel.stale.intersection(DERIVED[name]):
            stale.add(name)
    return Panel(current, frozenset(stale))


def _oxygen(current: Mapping[str, Reading]) -> Reading | None:
    """On oxygen when any fact of the newest moment says so; on air when facts exist and none does.

    NEWS2 adds 2 for any supplemental oxygen: a device other than room air, a flow, or FiO2 above 21
    %.
    """
    known = [current[name] for name in OXYGEN_CONCEPTS if name in current]
    if not known:
        return None
    newest = max(reading.effective_at for reading in known)
    moment = [reading for reading in known if newest - reading.effective_at <= SAME_MOMENT]
    oxygen = [reading for reading in moment if reading.value > AIR[reading.concept]]
    told = max(oxygen or moment, key=lambda reading: reading.effective_at)
    return Reading(told.concept, 1.0 if oxygen else 0.0, told.effective_at, told.source)


def _gcs(current: Mapping[str, Reading]) -> Reading | None:
    """The newer of the charted total and the sum of parts that were charted together."""
    total = current.get("gcs_total")
    parts = [current[name] for name in GCS_PARTS if name in current]
    if len(parts) < len(GCS_PARTS):
        return total
    times = [part.effective_at for part in parts]
    if max(times) - min(times) > SAME_MOMENT or (total and total.effective_at >= max(times)):
        return total
    newest = max(parts, key=lambda part: part.effective_at)
    value = sum(part.value for part in parts)
    return Reading(GCS_FROM_PARTS, value, newest.effective_at, newest.source)


def _hours_in_care(current: Mapping[str, Reading], now: int) -> dict[str, Reading]:
    """Completed hours since the patient came to the hospital, to intensive care, and in between.

    What lies ahead has not begun; a discharge at or after an arrival ends it; and an arrival in
    intensive care before the newest admission belongs to an earlier stay.
    """
    stay, care = (_begun(name, current, now) for name in ("admission", "icu_admission"))
    if stay and care and care.effective_at < stay.effective_at:
        care = None
    found = {}
    if stay:
        found["hours_in_hospital"] = _hours(stay, stay, now)
    if care:
        found["hours_in_icu"] = _hours(care, care, now)
    if stay and care:
        found["hours_before_icu"] = _hours(care, stay, care.effective_at)
    return found


def _begun(name: str, current: Mapping[str, Reading], now: int) -> Reading | None:
    arrival, left = current.get(name), current.get("discharge")
    if arrival is None or arrival.effective_at > now:
        return None
    return None if left and left.effective_at >= arrival.effective_at else arrival


def _hours(told: Reading, since: Reading, until: int) -> Reading:
    return replace(told, value=float((until - since.effective_at) // MICROSECONDS_PER_HOUR))
