"""The elements that FHIR resources are built of: types, and the names of what each holds.

Here: the names in one message, read as plain JSON. Not here: what is made of them
(streaming/drift.py, pulsehouse/feed_new.py), or what an element says.

An element is named as FHIR names it: `Observation.valueRange`. Parts of elements are not named, but
for an Observation's components: `Observation.component.valueRange`.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

NAME = re.compile("[A-Za-z_][A-Za-z0-9]{0,63}")
# Resources of one Bundle that are looked at.
MOST_RESOURCES = 100


def elements(raw: bytes) -> frozenset[str]:
    """The elements of one message; none where it is no JSON object."""
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return frozenset()
    return frozenset(_of(document)) if isinstance(document, dict) else frozenset()


def _of(resource: dict[str, Any]) -> Iterator[str]:
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or not NAME.fullmatch(kind):
        return
    yield kind
    if kind == "Bundle":
        entries = resource.get("entry")
        for entry in (entries if isinstance(entries, list) else [])[:MOST_RESOURCES]:
            if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
                yield from _of(entry["resource"])
    yield from _named(kind, resource)
    components = resource.get("component") if kind == "Observation" else None
    for component in components if isinstance(components, list) else ():
        if isinstance(component, dict):
            yield from _named(f"{kind}.component", component)


def _named(path: str, members: dict[str, Any]) -> Iterator[str]:
    yield from (f"{path}.{name}" for name in members if NAME.fullmatch(name))
