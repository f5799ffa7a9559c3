"""This project's two engines: the columns of the stream, and the reference in plain Python."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from clinical.concepts import CONCEPTS
from clinical.scores import BY_VARIANT
from clinical.scoring import laws, reference
from clinical.scoring.columns import STATES
from clinical.scoring.engine import Engine
from tests.conformance.adapter import Answer
from tests.conformance.case import Case, series

NOW = 1_767_571_200_000_000  # 2026-01-05T00:00:00Z
HOUR = 3_600_000_000
DAYS = NOW // (24 * HOUR)
STAMP = pa.timestamp("us", tz="UTC")
FEED = "conformance"


def facts(given: Mapping[str, Any]) -> list[tuple[str, int, float]]:
    """Concept, clinical time and value of all that a case tells, in one message at NOW."""
    found = []
    for name, value in given.items():
        if name == "age_years":
            found.append(("birth_date", NOW, float(DAYS - round((value + 0.5) * 365.25))))
        elif isinstance(value, str):
            found.append((name, NOW, float(CONCEPTS[name].answers[value])))
        else:
            found += [(name, NOW - round(ago * HOUR), float(one)) for ago, one in series(value)]
    return found


class Columns:
    """The engine of the stream and of the nightly replay."""

    name = "pulsehouse"
    package = None

    def version(self) -> str:
        """The one in the tree."""
        return "this tree"

    def answer(self, case: Case) -> Answer:
        """Score one case, told in one message."""
        told = facts(case.given)
        if not told:
            return Answer(None, "indeterminate")
        moments = Engine().step(_table(told))
        score = BY_VARIANT[case.score, case.variant]
        found = laws.assess(score, moments.panel, moments.timeline)
        total = float(found.observed[0])
        missing = tuple(part.parameter for part in found.components if not part.known[0])
        return Answer(
            None if np.isnan(total) else total,
            STATES[found.state[0]],
            missing or None,
        )


class Reference:
    """The law in plain Python, which the engine must equal."""

    name = "pulsehouse-reference"
    package = None

    def version(self) -> str:
        """The one in the tree."""
        return "this tree"

    def answer(self, case: Case) -> Answer:
        """Score one case, told in one message; a score of which no row follows has no number."""
        signals = [
            reference.Signal(name, at, value, f"{name}:{place}", (FEED, 0, 0, place), place)
            for place, (name, at, value) in enumerate(facts(case.given))
        ]
        _, rows = reference.step(reference.PatientState(), signals, NOW)
        score = BY_VARIANT[case.score, case.variant]
        for row in rows:
            if row.score == score:
                found = row.assessment
                return Answer(found.observed, found.state, found.missing or None)
        return Answer(None, "indeterminate")


def _table(told: list[tuple[str, int, float]]) -> pa.Table:
    size = len(told)
    return pa.table(
        {
            "feed": pa.array([FEED] * size),
            "partition": pa.array([0] * size, pa.int32()),
            "offset": pa.array([0] * size, pa.int64()),
            "row": pa.array(range(size), pa.int32()),
            "received_at": pa.array([NOW] * size, pa.int64()).cast(STAMP),
            "patient_id": pa.array(["case"] * size),
            "encounter_id": pa.array(["case"] * size),
            "concept": pa.array([name for name, _, _ in told]),
            "effective_at": pa.array([at for _, at, _ in told], pa.int64()).cast(STAMP),
            "value": pa.array([value for _, _, value in told], pa.float64()),
            "void": pa.array([False] * size),
            "signal_id": pa.array([f"{name}:{place}" for place, (name, _, _) in enumerate(told)]),
        }
    )
