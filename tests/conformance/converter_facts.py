"""Our facts of a message, in the same flat shape as a converter's claims.

Here: rows of the decoder by kind, with the codes each may be known by. Not here: the converter's
facts (converter_expected.py). Times without an offset are taken as UTC; the comparison knows.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from clinical.wire.hl7 import decode
from clinical.wire.profile import FeedProfile
from tests.conformance.converter_expected import Claim

PROFILE = FeedProfile("converter")
# Table, kind, and the columns any of which names the fact.
TABLES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "patient_demographics": ("patient", ("patient_id",)),
        "observations": ("observation", ("code", "code_text", "alternate_code")),
        "encounter_events": ("encounter", ("encounter_id", "account_id")),
        "diagnoses": ("diagnosis", ("code", "code_text")),
        "procedures": ("procedure", ("code", "code_text")),
        "allergies": ("allergy", ("code", "code_text")),
        "medication_events": ("medication", ("code", "code_text")),
        "order_events": ("order", ("code", "code_text", "order_id", "filler_id")),
    }
)


def facts(messages: Iterable[bytes]) -> list[Claim]:
    """The facts of these messages."""
    decoded = decode(pa.array(list(messages), pa.binary()), PROFILE)
    return [
        _claim(kind, keys, row)
        for table, (kind, keys) in TABLES.items()
        if table in decoded.facts
        for row in decoded.facts[table].to_pylist()
    ]


def refused(messages: Iterable[bytes]) -> list[str]:
    """Why messages were not parsed, those that were left out."""
    decoded = decode(pa.array(list(messages), pa.binary()), PROFILE)
    return [reason for reason in decoded.messages["reason"].to_pylist() if reason]


def _claim(kind: str, keys: tuple[str, ...], row: Mapping[str, Any]) -> Claim:
    named = frozenset(str(row[key]).strip() for key in keys if row.get(key))
    said = {name: value for name, value in row.items() if value is not None}
    if kind == "patient" and row.get("birth_date"):
        said["birth_date"] = row["birth_date"].isoformat()
    if kind in {"order", "medication"}:
        numbers = (row.get("order_id"), row.get("filler_id"))
        said["order_id"] = frozenset(number for number in numbers if number)
    return Claim(kind, named, said)
