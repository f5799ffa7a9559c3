"""The one form of what scoring folds.

Here: signals from every kind of fact, whether fresh from `normalise` or read back from the lake.
Not here: courses of drugs (courses.py), rates of infusions (infusions.py), stays (stays.py),
conditions (conditions.py); their order in time, or which still count.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.concepts.statuses import ORDER_STEPS, RANK, TAKES_BACK, UNKNOWN
from clinical.normalise.conditions import condition_signals, flag_signals, procedure_signals
from clinical.normalise.courses import course_signals
from clinical.normalise.distinct import distinct, flags, flat, valid
from clinical.normalise.infusions import infusion_signals
from clinical.normalise.orders import ORDERED
from clinical.normalise.signal_rows import (
    PROVENANCE,
    SIGNALS,
    UTC,
    as_signals,
    dated,
    identity,
    of_concept,
    ones,
    only,
    order_identity,
    texts_of,
    with_bare,
)
from clinical.normalise.stays import stay_signals
from clinical.normalise.written import of_drugs, ranks, with_written

__all__ = ["GIVEN", "OBSERVED", "PROVENANCE", "SIGNALS", "signals"]

# What an observation is read for, beside whose it is and where it came from.
OBSERVED = (
    "concept",
    "effective_at",
    "value",
    "observation_id",
    "is_scored",
    "not_scored_reason",
    "status",
    "documented_at",
)
# And an order.
GIVEN = (
    "concept",
    "code",
    "code_text",
    "order_id",
    "is_cancelled",
    "effective_at",
    "documented_at",
    "event",
)
_SILENT = frozenset({"no_value"})
_ORDERED = frozenset(ORDERED)
_STEP = {step: number for number, step in enumerate(ORDER_STEPS)}
UNTESTABLE_VERBAL = "gcs_verbal_untestable"
_VERBAL, _UNTESTABLE = frozenset({"gcs_verbal"}), frozenset({"untestable"})


def signals(facts: Mapping[str, pa.Table]) -> pa.Table:
    """The signals of a batch of facts.

    Args:
        facts: Tables as `normalise` returns them, or with the provenance columns of the lake.

    Returns:
        SIGNALS and the columns of PROVENANCE that any of the tables has. A void signal withdraws
        the earlier one with the same `signal_id`; its value is null. Facts without a time are left
        out.
    """
    parts = [part for name, read in _READ.items() if name in facts for part in read(facts[name])]
    found = pa.concat_tables([SIGNALS.empty_table(), *parts], promote_options="default")
    provenance = [name for name in PROVENANCE.names if found.schema.get_field_index(name) >= 0]
    return found.select([*SIGNALS.names, *provenance])


def _observed(rows: pa.Table) -> list[pa.Table]:
    """Observations of a concept; a row that says nothing about the value is no signal."""
    silent = distinct(flat(rows["not_scored_reason"])).are(_SILENT)
    speaks = valid(flat(rows["concept"]))
    if silent.any():
        speaks &= ~silent | distinct(flat(rows["status"])).are(TAKES_BACK)
    rows = only(rows, speaks, OBSERVED)
    rows = with_written(rows, ranks(rows["status"], RANK, RANK[UNKNOWN]))
    void = pc.invert(flat(rows["is_scored"]))
    value, whose = flat(rows["value"]), flat(rows["observation_id"])
    told = as_signals(rows, "effective_at", value, void, whose)
    return [told, *_untestable(rows)]


def _untestable(rows: pa.Table) -> list[pa.Table]:
    """That the verbal response could not be examined: no low value, but no silence either."""
    verbal = distinct(flat(rows["concept"])).are(_VERBAL)
    if not verbal.any():
        return []
    untestable = distinct(flat(rows["not_scored_reason"])).are(_UNTESTABLE)
    chosen = verbal & (untestable | distinct(flat(rows["status"])).are(TAKES_BACK))
    if not chosen.any():
        return []
    rows = only(rows, chosen, OBSERVED)
    void = ~distinct(flat(rows["not_scored_reason"])).are(_UNTESTABLE)
    rows = of_concept(rows, UNTESTABLE_VERBAL)
    whose = identity("untestable:", flat(rows["observation_id"]))
    return [as_signals(rows, "effective_at", ones(rows), pa.array(void), whose)]


def _ordered(rows: pa.Table) -> list[pa.Table]:
    rows = with_bare(rows, flags(flat(rows["is_cancelled"])), ORDERED)
    chosen = distinct(flat(rows["concept"])).are(_ORDERED)
    if not chosen.any():
        return []
    rows = only(rows, chosen, GIVEN)
    rows = with_written(rows, ranks(rows["event"], _STEP, 0))
    void = pa.array(flags(flat(rows["is_cancelled"])))
    rows = dated(rows, "effective_at", void)
    return [as_signals(rows, "effective_at", ones(rows), void, order_identity("order:", rows))]


def _given(rows: pa.Table) -> list[pa.Table]:
    """That a course of a class of drug began, and how fast an infusion runs."""
    if not len(rows):
        return []
    rows = of_drugs(rows)
    return [*course_signals(rows), *infusion_signals(rows)]


def _born(rows: pa.Table) -> list[pa.Table]:
    """Birth dates, true since we learnt them; without `received_at` the time is not known.

    Nobody is born after being told of (a day is left for time zones): such a date is a slip, and
    must not make a child of an adult.
    """
    rows = only(rows, valid(flat(rows["birth_date"])) & ~_is_unborn(rows), ("birth_date",))
    days = flat(rows["birth_date"]).view(pa.int32()).cast(pa.float64())
    owner = pc.binary_join_element_wise(*texts_of(rows, "facility", "patient_id"), "|")
    concept = pa.repeat(pa.scalar("birth_date"), len(rows))
    if rows.schema.get_field_index("received_at") < 0:
        rows = rows.append_column("received_at", pa.nulls(len(rows), UTC))
    rows = rows.append_column("concept", concept)
    void = pa.repeat(pa.scalar(False), len(rows))
    return [as_signals(rows, "received_at", days, void, identity("birth_date:", owner))]


def _is_unborn(rows: pa.Table) -> NDArray[np.bool_]:
    if rows.schema.get_field_index("received_at") < 0:
        return np.zeros(len(rows), np.bool_)
    told, born = (flat(rows[name]).cast(pa.date32()) for name in ("received_at", "birth_date"))
    late = pc.greater(pc.subtract(born.view(pa.int32()), told.view(pa.int32())), 1)
    unborn: NDArray[np.bool_] = flags(late.fill_null(False))
    return unborn


_READ: Mapping[str, Callable[[pa.Table], list[pa.Table]]] = {
    "observations": _observed,
    "order_events": _ordered,
    "medication_events": _given,
    "patient_demographics": _born,
    "encounter_events": stay_signals,
    "diagnoses": condition_signals,
    "procedures": procedure_signals,
    "flags": flag_signals,
}
