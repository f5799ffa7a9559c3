"""What adjudication looks at: cultures, antibiotics and vasopressors of one patient as values.

Here: facts that stand (standing.py) to cultures, drugs and values, in the order in which they were
true. Not here: which of them make a suspicion of infection (suspicion.py).

Times are integers: microseconds since 1970, UTC, as in scoring.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from clinical.adjudication.standing import Source, standing
from clinical.normalise.medications import is_parenteral
from clinical.normalise.orders import CULTURE

Route = Literal["intravenous", "parenteral", "other", "unknown"]
ANTIBIOTIC, VASOPRESSOR = "antibiotic", "vasopressor"
# What says that a culture is of blood: a LOINC code, and how names of service and specimen begin.
# The bundle's mart says the same in SQL; a test holds the two together.
BLOOD_CODE, BLOOD_SERVICE, BLOOD_SPECIMEN = "600-7", "blood culture", "bld"
# Words of a route that reaches a vein (HL7 table 0162, and as MIMIC-III writes them). One that was
# not sent is unknown, never assumed. [P]
INTRAVENOUS = frozenset({"iv", "ivp", "ivpb", "ivs", "ivd", "intravenous", "intravenously"})

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Culture:
    """A body-fluid culture. `is_day`: only its day was told, and `at` is that day's midnight."""

    at: int
    known_at: int
    source: Source
    encounter: str | None = None
    is_day: bool = False
    is_blood: bool = False


@dataclass(frozen=True, slots=True)
class Drug:
    """One dose or one order of an antibiotic or a vasopressor.

    `until` is when it ended, or is to end, where that was told; `is_given` tells a dose that was
    recorded as given from an order.
    """

    at: int
    known_at: int
    source: Source
    encounter: str | None = None
    until: int | None = None
    is_given: bool = False
    route: Route = "unknown"
    ingredient: str = ""


@dataclass(slots=True)
class Evidence:
    """One patient's evidence of infection and of support, each in the order of its time."""

    cultures: list[Culture] = field(default_factory=list)
    antibiotics: list[Drug] = field(default_factory=list)
    vasopressors: list[Drug] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Measured:
    """One value of a concept, in its canonical unit."""

    at: int
    known_at: int
    source: Source
    encounter: str | None
    value: float


Patient = tuple[str | None, str]
Values = Mapping[str, list[Measured]]


def evidence(facts: Mapping[str, pa.Table], zone: ZoneInfo) -> Mapping[Patient, Evidence]:
    """The evidence of every patient in a chunk of facts.

    Args:
        facts: `order_events` and `medication_events`, as the lake has them, in order of arrival.
        zone: The hospital's: a culture timed at its midnight was told by its day alone. [P]
    """
    found: dict[Patient, Evidence] = defaultdict(Evidence)
    for row in standing(facts, "order_events", (CULTURE,)):
        found[row["patient"]].cultures.append(_culture(row, zone))
    drugs = standing(facts, "medication_events", (ANTIBIOTIC, VASOPRESSOR))
    for row in drugs:
        patient = found[row["patient"]]
        is_antibiotic = row["concept"] == ANTIBIOTIC
        (patient.antibiotics if is_antibiotic else patient.vasopressors).append(_drug(row))
    for patient in found.values():
        for listed in (patient.cultures, patient.antibiotics, patient.vasopressors):
            listed.sort(key=lambda one: (one.at, one.source))
    return found


def measured(facts: Mapping[str, pa.Table], concepts: Iterable[str]) -> Mapping[Patient, Values]:
    """The values and conditions that stand, per patient and concept by time."""
    found: dict[Patient, dict[str, list[Measured]]] = defaultdict(lambda: defaultdict(list))
    wanted = tuple(concepts)
    rows = [*_observed(facts, wanted), *standing(facts, "diagnoses", wanted)]
    for row in rows:
        told = (row["at"], row["received_at"], row["source"], row["encounter_id"], row["told"])
        found[row["patient"]][row["concept"]].append(Measured(*told))
    for values in found.values():
        for listed in values.values():
            listed.sort(key=lambda one: (one.at, one.source))
    return found


def _observed(facts: Mapping[str, pa.Table], wanted: tuple[str, ...]) -> list[dict[str, Any]]:
    if "observations" not in facts:
        return []
    # Of the widest table, first only what is asked for.
    rows = facts["observations"]
    named = rows.filter(pc.is_in(rows["concept"], pa.array(wanted, pa.string())))
    return standing({"observations": named}, "observations", wanted)


def _culture(row: Mapping[str, Any], zone: ZoneInfo) -> Culture:
    return Culture(
        at=row["at"],
        known_at=row["received_at"],
        source=row["source"],
        encounter=row["encounter_id"],
        is_day=local(row["at"], zone).time() == time(0),
        is_blood=is_blood(row["code"], row["code_text"], row["specimen"]),
    )


def _drug(row: Mapping[str, Any]) -> Drug:
    return Drug(
        at=row["at"],
        known_at=row["received_at"],
        source=row["source"],
        encounter=row["encounter_id"],
        until=row["ended_at"],
        is_given=row["event"] == "administered",
        route=route_kind(row["route"]),
        ingredient=row["ingredient"] or "",
    )


def is_blood(code: str | None, service: str | None, specimen: str | None) -> bool:
    """Whether a culture is of blood, by its code or by how its service or specimen is called."""
    named = (service or "").casefold().startswith(BLOOD_SERVICE)
    return code == BLOOD_CODE or named or (specimen or "").casefold().startswith(BLOOD_SPECIMEN)


def route_kind(route: str | None) -> Route:
    """How a route as sent reaches the circulation."""
    words = set(re.findall(r"[a-z]+", (route or "").casefold()))
    if words & INTRAVENOUS:
        return "intravenous"
    if is_parenteral(route):
        return "parenteral"
    return "other" if words else "unknown"


def local(at: int, zone: ZoneInfo) -> datetime:
    """An instant on the hospital's clock."""
    return (_EPOCH + timedelta(microseconds=at)).astimezone(zone)
