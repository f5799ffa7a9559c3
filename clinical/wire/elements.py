"""The names of what a feed sends: types, versions, code systems, codes and units.

Here: one spelling for each, whatever the format. Not here: segments and fields
(hl7/elements.py), resources and theirs (fhir/elements.py), or what is new (streaming/drift.py).

A text without the shape of a code may be anybody's words, and is not named.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal

from clinical.wire.profile import Format

Kind = Literal["segment", "field", "type", "version", "system", "code", "unit"]
HIDDEN: Final = "(not shown)"
_SHOWN: Final = re.compile(r"[A-Za-z0-9%/^|_.:+*#{}()\[\]-]{1,60}")
_PLACES: Final[Mapping[Format, Mapping[str, str]]] = MappingProxyType(
    {
        "hl7v2": {
            "type": "MSH-9 type",
            "version": "MSH-12 version",
            "system": "OBX-3 system",
            "code": "OBX-3 code",
            "unit": "OBX-6 unit",
        },
        "fhir": {
            "system": "Observation.code system",
            "code": "Observation.code code",
            "unit": "Observation.value unit",
        },
    }
)


def shown(text: str) -> str:
    """A text with the shape of a code; another is not shown."""
    return text if _SHOWN.fullmatch(text) else HIDDEN


def named(form: Format, kind: Kind, text: str) -> str:
    """The name of a type, version, code system, code or unit."""
    return f"{_PLACES[form][kind]} {shown(text)}"


def code_names(form: Format, system: str | None, code: str | None) -> Iterable[str]:
    """The names of a code and of its system; none for words without a code."""
    if system:
        yield named(form, "system", system)
    if code:
        yield named(form, "code", f"{shown(system)}|{code}" if system else code)


def kind_of(element: str) -> Kind:
    """What a name names."""
    _, _, said = element.partition(" ")
    for kind in ("type", "version", "system", "code", "unit"):
        if said.startswith(f"{kind} "):
            return kind
    return "field" if "-" in element or "." in element else "segment"


def kind_shown(kind: str, element: str) -> str:
    """What a reader is told that a name names: FHIR has no segments but types of resources."""
    return "resource type" if kind == "segment" and not element.isupper() else kind
