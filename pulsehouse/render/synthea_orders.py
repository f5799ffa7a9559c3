"""Results, drugs and vaccines of a Synthea patient as messages.

Here: ORU, RDE and VXU messages. Not here: visits and history (synthea_clinic.py).
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from pulsehouse.render.batch import Message
from pulsehouse.render.segments import escape, segment
from pulsehouse.render.synthea_bundle import Record, Resource, code, own_id, sent, time
from pulsehouse.render.synthea_message import Rank, When, message, patient, visit

# HL7 tables 0085 and 0123.
_STATUSES = {"final": "F", "amended": "C", "corrected": "C", "preliminary": "P"}


def results(record: Record) -> Iterator[Message]:
    """Observations of one visit and one moment of release as one message."""
    told = sorted(record.of("Observation"), key=_together)
    for place, (_, group) in enumerate(groupby(told, key=_together)):
        observations = list(group)
        lines = [_report(number, one) for number, one in enumerate(observations, start=1)]
        at = observations[0]["issued"]
        opening = patient(record, at) + visit(record.visit(observations[0]))
        yield message(
            record,
            "ORU^R01^ORU_R01",
            When(at, Rank.RESULTS, place),
            opening + "".join(text for text, _ in lines),
            observations=sum(count for _, count in lines),
        )


def _together(one: Resource) -> tuple[str, str]:
    return one["issued"], one["encounter"]["reference"]


def _report(number: int, one: Resource) -> tuple[str, int]:
    """The OBR of an Observation and its OBX, and how many these are."""
    at, status = time(one["effectiveDateTime"]), _STATUSES[one["status"]]
    obr = {
        1: str(number),
        3: own_id(one),
        4: code(one["code"]),
        7: at,
        22: time(one["issued"]),
        25: status,
    }
    parts = _parts(one)
    values = (
        segment(
            "OBX",
            {1: str(line), 3: code(part["code"]), 4: sub_id, 11: status, 14: at, **_value(part)},
        )
        for line, (sub_id, part) in enumerate(parts, start=1)
    )
    return segment("OBR", obr) + "".join(values), len(parts)


def _parts(one: Resource) -> Sequence[tuple[str, Resource]]:
    """The Observation itself where it has a value, and its components by their places."""
    components = [(str(place), part) for place, part in enumerate(one.get("component", ()))]
    has_value = any(name.startswith("value") for name in one)
    return [("", one), *components] if has_value or not components else components


def _value(part: Resource) -> dict[int, str]:
    """Type, value and unit. Of a coded answer the words are its original text (CWE-9)."""
    if quantity := part.get("valueQuantity"):
        return {2: "NM", 5: quantity["value"], 6: f"{escape(quantity['code'])}^^UCUM"}
    if concept := part.get("valueCodeableConcept"):
        first = concept["coding"][0]
        words = escape(concept.get("text") or first.get("display", ""))
        return {2: "CWE", 5: f"{escape(first['code'])}^^SCT^^^^^^{words}"}
    text = part.get("valueString")
    return {2: "ST", 5: escape(text)} if text else {}


def orders(record: Record) -> Iterator[Message]:
    """Each order of a drug when it was written; that it was stopped, at the end of the record."""
    end = _end(record)
    for place, request in enumerate(record.of("MedicationRequest")):
        at = request["authoredOn"]
        stay, drug = visit(record.visit(request)), _drug(request)
        new = patient(record, at) + stay + _order("NW", request, time(at)) + drug
        yield message(record, "RDE^O11^RDE_O11", When(at, Rank.ORDER, place), new)
        if request["status"] == "stopped":
            stopped = patient(record, end) + stay + _order("DC", request, "") + drug
            yield message(record, "RDE^O11^RDE_O11", When(end, Rank.STOPPED, place), stopped)


def _end(record: Record) -> str:
    """The latest moment that the record tells of."""
    moments: list[str] = [
        one["period"].get("end") or one["period"]["start"] for one in record.of("Encounter")
    ]
    moments += [one["issued"] for one in record.of("Observation")]
    moments += [one["authoredOn"] for one in record.of("MedicationRequest")]
    return max(moments, key=sent)


def _order(control: str, request: Resource, at: str) -> str:
    return segment("ORC", {1: control, 2: own_id(request), 9: at})


def _drug(request: Resource) -> str:
    """RXE and TQ1: the drug, its dose where one is told, and the start."""
    dosage: Resource = next(iter(request.get("dosageInstruction", ())), {})
    rate: Resource = next(iter(dosage.get("doseAndRate", ())), {})
    amount: Resource = rate.get("doseQuantity", {})
    fields = {2: code(request["medicationCodeableConcept"]), 3: amount.get("value", "")}
    start = segment("TQ1", {1: "1", 7: time(request["authoredOn"])})
    return segment("RXE", fields) + start


def vaccines(record: Record) -> Iterator[Message]:
    """Each vaccine when it was given."""
    for place, given in enumerate(record.of("Immunization")):
        at = given["occurrenceDateTime"]
        # How much was given is not told: RXA-6 stays empty rather than say 999.
        fields = {1: "0", 2: "1", 3: time(at), 5: code(given["vaccineCode"]), 20: "CP"}
        order = segment("ORC", {1: "RE", 3: own_id(given)})
        body = patient(record, at) + visit(record.visit(given)) + order + segment("RXA", fields)
        yield message(record, "VXU^V04^VXU_V04", When(at, Rank.GIVEN, place), body)


STREAMS: tuple[Callable[[Record], Iterator[Message]], ...] = (results, orders, vaccines)
