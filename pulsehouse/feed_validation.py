"""Samples of FHIR against the full models of the standard, on request.

Here: which resources the models refuse, and at which element. Not here: how the dataflow reads FHIR
(clinical/wire/fhir): it takes what it can use, valid or not, and is a hundred times as fast.

What the models say of a value is not kept, for it quotes the value.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa
from pydantic import ValidationError

from clinical.wire.fhir.elements import NAME
from pulsehouse.failure import DEPENDENCY_DOWN, CommandError


@dataclass(frozen=True, slots=True)
class Invalid:
    """A fault that resources of one type have in common: where, and of which kind."""

    resource_type: str
    fault: str
    resources: int

    def to_json(self) -> dict[str, Any]:
        """The stable form."""
        return {
            "resource_type": self.resource_type,
            "fault": self.fault,
            "resources": self.resources,
        }


def validate(messages: pa.Array) -> list[Invalid]:
    """The faults of a sample, the most frequent first.

    Raises:
        CommandError: The models are not installed.
    """
    found: Counter[tuple[str, str]] = Counter()
    for raw in messages.to_pylist():
        for resource in _resources(raw):
            kind = str(resource.get("resourceType"))
            found.update((kind, fault) for fault in set(_faults(resource, kind)))
    return [Invalid(kind, fault, count) for (kind, fault), count in found.most_common()]


def _resources(raw: bytes) -> Iterator[dict[str, Any]]:
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if not isinstance(document, dict):
        return
    entries = document.get("entry") if document.get("resourceType") == "Bundle" else None
    if not isinstance(entries, list):
        yield document
        return
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            yield entry["resource"]


def _faults(resource: dict[str, Any], kind: str) -> Iterator[str]:
    try:
        from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415 takes seconds
    except ImportError:
        msg = "`--validate` needs the package fhir.resources; install it beside Pulsehouse"
        raise CommandError(msg, DEPENDENCY_DOWN) from None
    try:
        model = get_fhir_model_class(kind)
    except (KeyError, LookupError):
        yield "no resource type of R4"
        return
    try:
        model.model_validate(resource)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False, include_context=False):
            path = ".".join(part for part in fault["loc"] if isinstance(part, str))
            safe = path if all(NAME.fullmatch(part) for part in path.split(".")) else "(not shown)"
            yield f"{safe}: {fault['type']}"
