"""Why a converter's facts and ours may differ: named classes, each with its test.

Here: what explains a difference. A difference that none explains is a fault of ours. Not here: how
differences are found (converter_verdicts.py).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tests.conformance.converter_expected import Claim
from tests.conformance.converter_verdicts import MISSING, Difference, same_time

# The segments that a kind of fact is made of, by us and by HL7's own mapping of v2 to FHIR.
SEGMENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "observation": ("OBX",),
        "diagnosis": ("DG1",),
        "procedure": ("PR1",),
        "allergy": ("AL1", "IAM"),
        "medication": ("RXA", "RXE", "RXO", "RXG", "RXD"),
        "order": ("OBR", "ORC"),
        "encounter": ("PV1",),
        "patient": ("PID",),
    }
)
# Our status, theirs: clinical-definitions section 14. What OBX-11 says of a result in the lab, a
# part of one, one not verified, or one declared final is "unknown" to Microsoft's templates.
STATUSES = frozenset(
    {
        (ours, "unknown")
        for ours in ("preliminary", "registered", "final", "appended", "status_change")
    }
    | {("entered_in_error", "cancelled"), ("wrong_patient", "entered-in-error")}
    | {("unknown", "unknown"), ("amended", "corrected"), ("appended", "corrected")}
)


@dataclass(frozen=True, slots=True)
class Sent:
    """The messages a bundle was made of: their segments as text, and our facts."""

    segments: Sequence[str]
    facts: Sequence[Claim]

    @property
    def kinds(self) -> set[str]:
        """MSH-9.1 of the messages."""
        headers = (line.split("|") for line in self.segments if line.startswith("MSH"))
        return {fields[8].split("^")[0] for fields in headers if len(fields) > 8}

    def holders(self, keys: frozenset[str]) -> set[str]:
        """The names of the segments in which any of these codes stands."""
        return {line[:3] for line in self.segments if keys & set(re.split(r"[|~^&]", line.strip()))}

    def times(self, segment: str, *fields: int) -> list[str]:
        """These fields of the segments of a name."""
        lines = (line.split("|") for line in self.segments if line.startswith(segment))
        return [line[field] for line in lines for field in fields if len(line) > field]


def _nameless(one: Difference, _: Sent) -> bool:
    """A resource that names nothing: made of a segment or group without its code."""
    return one.field == MISSING and not one.claim.keys


def _elsewhere(one: Difference, sent: Sent) -> bool:
    """Made of another segment (PDA, ACC, FT1), or with a code of the template's own."""
    return one.field == MISSING and not sent.holders(one.claim.keys) & {*SEGMENTS[one.claim.kind]}


def _document(one: Difference, sent: Sent) -> bool:
    """A document's order or result: we keep its text as a note, and number no order by it."""
    return one.field == MISSING and sent.kinds == {"MDM"}


def _remark(one: Difference, sent: Sent) -> bool:
    """An OBX below an order is a remark on it: no result of the order, and its time is not told."""
    if one.field != MISSING or one.claim.kind not in {"observation", "order"}:
        return False
    return "OBX" in sent.holders(one.claim.keys) and not sent.kinds & {"ORU", "OUL", "ADT", "VXU"}


def _result_as_report(one: Difference, sent: Sent) -> bool:
    """An OBX with a document or a pointer became a report: to us it is an observation."""
    observed = {key for fact in sent.facts if fact.kind == "observation" for key in fact.keys}
    return one.field == MISSING and one.claim.kind == "order" and bool(observed & one.claim.keys)


def _visit(one: Difference, sent: Sent) -> bool:
    """A stay told by a message that moves nobody: its number stands in every fact, no event."""
    return one.field == MISSING and one.claim.kind == "encounter" and "ADT" not in sent.kinds


def _same_order(one: Difference, sent: Sent) -> bool:
    """The request (RXO) and what the pharmacy made of it (RXE, RXD) are one order, read once."""
    if one.field != MISSING or one.claim.kind != "medication":
        return False
    numbers = one.claim.said.get("order_id", frozenset())
    drugs = [
        fact.said.get("order_id", frozenset()) for fact in sent.facts if fact.kind == "medication"
    ]
    return any(not numbers or bool(numbers & known) for known in drugs)


def _obx_11(one: Difference, _: Sent) -> bool:
    """The three public mappings of OBX-11 disagree."""
    return one.field == "status" and (one.ours, one.theirs) in STATUSES


def _diagnosed(one: Difference, sent: Sent) -> bool:
    """DG1-5 is when a diagnosis was made, which says nothing of its onset."""
    same = [fact for fact in sent.facts if fact.kind == "diagnosis" and fact.keys & one.claim.keys]
    return one.field == "onset_at" and any(
        same_time(one.theirs, fact.said.get("documented_at"), fact) for fact in same
    )


def _expected_date(one: Difference, sent: Sent) -> bool:
    """The day that is expected (PV2-8, PV2-9), not the one that came."""
    if one.field not in {"admitted_at", "discharged_at"}:
        return False
    digits = re.sub(r"\D", "", one.theirs[:10])
    return any(text.startswith(digits) for text in sent.times("PV2", 8, 9))


CLASSES: Mapping[str, Callable[[Difference, Sent], bool]] = MappingProxyType(
    {
        "names nothing": _nameless,
        "made of another segment": _elsewhere,
        "of a document": _document,
        "remark on an order": _remark,
        "result as report": _result_as_report,
        "stay of a message that moves nobody": _visit,
        "one order, read once": _same_order,
        "OBX-11": _obx_11,
        "date of diagnosis as onset": _diagnosed,
        "expected date as period": _expected_date,
    }
)


def explained(difference: Difference, sent: Sent) -> str | None:
    """The class of a difference; None when it has none."""
    return next((name for name, holds in CLASSES.items() if holds(difference, sent)), None)
