"""What the FHIR road says it can do: a CapabilityStatement.

Here: the resource for `GET /metadata`. Not here: doing it (fhir.py).

Source: HL7 FHIR R4 4.0.1, CapabilityStatement. Only system level interactions are listed: a
resource of any type may be sent, and none can be read.
"""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from clinical.wire.fhir.resource_types import USED

# The day on which this statement last changed.
_CHANGED: Final = "2026-11-23"
_SECURITY: Final = {"cors": False, "description": "A bearer token in the Authorization header."}


@cache
def capability_statement() -> dict[str, object]:
    """The statement; the same for every feed."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _CHANGED,
        "kind": "instance",
        "software": {"name": "Pulsehouse", "version": _release()},
        "implementation": {"description": "Takes resources in; nothing can be read or searched."},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [_rest()],
    }


def _rest() -> dict[str, object]:
    types = sorted(USED)
    return {
        "mode": "server",
        "security": _SECURITY,
        "resource": [{"type": name, "interaction": _interactions()} for name in types],
        "interaction": [{"code": "transaction"}, {"code": "batch"}],
    }


def _interactions() -> list[dict[str, str]]:
    return [{"code": "create"}, {"code": "update"}]


def _release() -> str:
    try:
        return version("pulsehouse")
    except PackageNotFoundError:
        return "(not installed)"
