"""The table contracts: every table both sides share, defined once.

Here: name, grain, exact Arrow schema, key, zone and the meaning of every column. The Delta tables,
the asset metadata, the SQL views and the data dictionary are derived from `TABLES`.
Not here: writing (appends.py), reading (catalogue.py), or what a value means (clinical/).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import columns as c
from lakehouse import history_columns as h
from lakehouse import order_columns as o
from lakehouse.columns import Column

Zone = Literal[
    "raw",
    "facts",
    "derived",
    "legacy",
    "reconciliation",
    "migration",
    "replays",
    "adjudication",
    "evaluation",
    "quality",
    "audit",
    "operations",
]
Phi = Literal["none", "pseudonymous", "identified"]

# Older releases refuse a newer lake; an older lake is brought up to it (upgrades.py).
LAKE_VERSION = 4


@dataclass(frozen=True, slots=True)
class Table:
    """One table's contract.

    `key` names the columns that identify a row together with its provenance; `phi` is the highest
    class of any column and decides who may read the table unasked.
    """

    name: str
    zone: Zone
    grain: str
    key: tuple[str, ...]
    phi: Phi
    columns: tuple[Column, ...]
    partition_by: str | None = "received_date"

    @property
    def schema(self) -> pa.Schema:
        """The exact Arrow schema; column descriptions travel as field metadata."""
        return pa.schema([column.field for column in self.columns])

    def conform(self, rows: pa.Table) -> pa.Table:
        """Bring rows into the contract's column order and types, losing nothing.

        Raises:
            ValueError: A column is missing or not of the contract, a cast would lose information or
                read a text as a number, a number is NaN or infinite, or a needed value is null. The
                message names the column and no value.
        """
        schema = self.schema
        if set(schema.names) != set(rows.column_names):
            missing = sorted(set(schema.names) - set(rows.column_names))
            unknown = sorted(set(rows.column_names) - set(schema.names))
            msg = f"rows for table `{self.name}` lack the columns {missing} and add {unknown}"
            raise ValueError(msg)
        return pa.table([self._conform(rows[field.name], field) for field in schema], schema)

    def _conform(self, values: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
        # The engine's own message quotes the value, so it is replaced, not chained.
        try:
            cast = values if values.type == field.type else values.cast(field.type, safe=True)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            cast = None
        if cast is None or (_is_text(values.type) and not _is_text(field.type)):
            msg = f"column `{self.name}.{field.name}`: {values.type} does not fit {field.type}"
            raise ValueError(msg)
        if not field.nullable and cast.null_count:
            msg = f"column `{self.name}.{field.name}` has nulls"
            raise ValueError(msg)
        if pa.types.is_floating(field.type) and not _is_finite(cast):
            msg = f"column `{self.name}.{field.name}` has NaN or infinite numbers"
            raise ValueError(msg)
        return cast


def _is_finite(numbers: pa.ChunkedArray) -> bool:
    return bool(pc.all(pc.is_finite(numbers), min_count=0).as_py())


def _is_text(type_: pa.DataType) -> bool:
    value = type_.value_type if pa.types.is_dictionary(type_) else type_
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value))


RAW_MESSAGES = Table(
    name="raw_messages",
    zone="raw",
    grain="one message as it was received",
    key=("feed", "partition", "offset"),
    phi="identified",
    columns=(*c.PROVENANCE, *c.RAW_MESSAGE),
)
OBSERVATIONS = Table(
    name="observations",
    zone="facts",
    grain="one reported version of one observation; corrections and retractions are later rows",
    key=("observation_id", "feed", "partition", "offset", "row"),
    phi="pseudonymous",
    columns=(*c.PROVENANCE, *c.SUBJECT, *c.OBSERVATION),
)
ENCOUNTER_EVENTS = Table(
    name="encounter_events",
    zone="facts",
    grain="one admission, transfer, discharge, update or cancellation of a visit",
    key=("feed", "partition", "offset", "row"),
    phi="pseudonymous",
    columns=(*c.PROVENANCE, *c.SUBJECT, *c.ENCOUNTER_EVENT),
)
PATIENT_DEMOGRAPHICS = Table(
    name="patient_demographics",
    zone="facts",
    grain="one changed set of demographics of a patient",
    key=("feed", "partition", "offset", "row"),
    phi="identified",
    columns=(*c.PROVENANCE, *c.SUBJECT, *c.DEMOGRAPHICS),
)
IDENTITY_EVENTS = Table(
    name="identity_events",
    zone="facts",
    grain="one merge, link or move of identifiers, visits or accounts, or the end of one",
    key=("feed", "partition", "offset", "row"),
    phi="pseudonymous",
    columns=(*c.PROVENANCE, *c.SUBJECT, *c.IDENTITY_EVENT),
)
ORDER_EVENTS = Table(
    name="order_events",
    zone="facts",
    grain="one state of one order, its specimen or its report",
    key=("feed", "partition", "offset", "row"),
    phi="pseudonymous",
    columns=(*c.PROVENANCE, *c.SUBJECT, *o.ORDER_EVENT),
)
MEDICATION_EVENTS = Table(
    name="medication_events",
    zone="facts",
    grain="one state of one medication order, or one administration, dispense or statement",
    key=("feed", "partition", "offset", "row"),
    phi="pseudonymous",
    columns=(*c.PROVENANCE, *c.SUBJECT, *o.MEDICATION_EVENT),
)
DIAGNOSES = Table(
    name="diagnoses",
    zone="facts",
    grain="one diagnosis as one message stated it",
    key=("feed", "partition", "offset", "row"),
    phi="pseudonymous",
    columns=(*c.PROVENANCE, *c.SUBJECT, *h.DIAGNOSIS),
)
CHARGES = Table(
    name="charges",
    zone="facts",
    grain="one charge, credit or payment as one message stated it",
    key=("feed", "partition", "offset", "row"),
    phi="pseudonymous",
    columns=(*c.PROVENANCE, *c.SUBJECT, *c.CHARGE),
)
PROCEDURES = Table(
    name="procedures",
    zone="facts",
    grain="one procedure as one message stated it",
    key=("feed", "partition", "offset", "row"),
    phi="pseudonymous",
    columns=(*c.PROVENANCE, *c.SUBJECT, *h.PROCEDURE),
)
ALLERGIES = Table(
    name="allergies",
    zone="facts",
    grain="one allergy or intolerance as one message stated it",
    key=("feed", "partition", "offset", "row"),
    phi="pseudonymous",
    columns=(*c.PROVENANCE, *c.SUBJECT, *h.ALLERGY),
)
FLAGS = Table(
    name="flags",
    zone="facts",
    grain="one warning, consent or device as one message stated it",
    key=("feed", "partition", "offset", "row"),
    phi="pseudonymous",
    columns=(*c.PROVENANCE, *c.SUBJECT, *h.FLAG),
)
NOTES = Table(
    name="notes",
    zone="facts",
    grain="one free text as one message sent it",
    key=("feed", "partition", "offset", "row"),
    phi="identified",
    columns=(*c.PROVENANCE, *c.SUBJECT, *h.NOTE),
)
SCORES = Table(
    name="scores",
    zone="derived",
    grain="one score variant of one patient after one message that changed an input",
    key=("feed", "partition", "offset", "row"),
    phi="pseudonymous",
    columns=(*c.PROVENANCE, *c.SUBJECT, *c.SCORE),
)
ALERTS = Table(
    name="alerts",
    zone="derived",
    grain="one alert raised or suppressed: a patient, a rule family and a band within an episode",
    key=("alert_id",),
    phi="pseudonymous",
    columns=(*c.PROVENANCE, *c.SUBJECT, *c.ALERT),
)

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        OBSERVATIONS,
        ENCOUNTER_EVENTS,
        PATIENT_DEMOGRAPHICS,
        IDENTITY_EVENTS,
        ORDER_EVENTS,
        MEDICATION_EVENTS,
        DIAGNOSES,
        CHARGES,
        PROCEDURES,
        ALLERGIES,
        FLAGS,
        NOTES,
        SCORES,
        ALERTS,
        # Last on purpose: a message's row in `raw_messages` says that every table has passed it.
        RAW_MESSAGES,
    )
}
