"""Flags, consents and devices of FHIR as rows of flags.

Here: what is warned of, agreed to or in use, from when to when. Not here: what it means for an
alert (clinical/context).

A Consent has one row for each of its categories and each code of its provision: which of them says
that a patient is not to be resuscitated differs by sender.
"""

from collections.abc import Iterator, Sequence

import msgspec
import pyarrow as pa
from msgspec import Raw

from clinical.wire.fhir.found import Found, Rows
from clinical.wire.fhir.resources import NOTHING, Element, Period, Resource
from clinical.wire.fhir.states import statuses, words

STRING = pa.string()
_NO_PERIOD = Period()


class Flag(Resource, tag_field="resourceType"):
    """A warning about a patient."""

    code: Raw = NOTHING
    period: Period | None = None


class Provision(Element):
    """What a Consent permits or forbids; nested provisions are not read."""

    type: str | None = None
    period: Period | None = None
    code: list[Raw] | None = None


class _Owned(Resource):
    """A resource whose subject is called its patient in R4."""

    patient: Raw = NOTHING

    def __post_init__(self) -> None:
        """Whoever reads it asks for the subject."""
        self.subject = self.subject or self.patient


class Consent(_Owned, tag_field="resourceType"):
    """What a patient agreed to; R5 says `subject`, `decision` and `date`."""

    category: list[Raw] | None = None
    date_time: str | None = None
    date: str | None = None
    decision: str | None = None
    period: Period | None = None
    provision: Raw = NOTHING


class Device(_Owned, tag_field="resourceType"):
    """A device; one that is nobody's gives no row."""

    type: Raw = NOTHING


# R4 has one provision, R5 a list of them.
_PROVISIONS = msgspec.json.Decoder(Provision | list[Provision | None] | None)


def read_flags(found: Found[Flag]) -> Iterator[Rows]:
    """The rows of a batch's Flags."""
    each = found.resources
    code = found.codes([one.code for one in each])
    begun = [(one.period or _NO_PERIOD).start for one in each]
    columns = {
        "flag_id": found.own_ids(),
        "kind": ["flag"] * len(each),
        "code": code.code,
        "code_system": code.system,
        "code_text": code.text,
        "status": words(statuses(found)),
        "started_at": found.instants(begun),
        "ended_at": found.instants([(one.period or _NO_PERIOD).end for one in each]),
        # A Flag does not say when it was raised: where nothing else does, when it begins to hold.
        "documented_at": found.instants(
            [
                written or at
                for written, at in zip(found.written([None] * len(each)), begun, strict=True)
            ]
        ),
    }
    yield Rows("flags", columns)


def read_consents(found: Found[Consent]) -> Iterator[Rows]:
    """The rows of a batch's Consents."""
    provisions = [
        _first(read) for read in found.each([c.provision for c in found.resources], _PROVISIONS)
    ]
    told = [
        (row, raw)
        for row, (one, provision) in enumerate(zip(found.resources, provisions, strict=True))
        for raw in (*(one.category or ()), *(provision.code or ()), *_nothing(one, provision))
    ]
    of = [row for row, _ in told]
    code = found.codes([raw for _, raw in told], of)
    shared = _of_consents(found, provisions)
    at = pa.array(of, pa.int64())
    columns = {name: column.take(at) for name, column in shared.items()}
    columns |= {"code": code.code, "code_system": code.system, "code_text": code.text}
    yield Rows("flags", columns, of)


def _of_consents(found: Found[Consent], provisions: Sequence[Provision]) -> dict[str, pa.Array]:
    """What all codes of a Consent share."""
    each = found.resources
    periods = [
        provision.period or one.period or _NO_PERIOD
        for one, provision in zip(each, provisions, strict=True)
    ]
    decided = [
        provision.type or one.decision for one, provision in zip(each, provisions, strict=True)
    ]
    written = [one.date_time or one.date for one in each]
    begun = [period.start or at for period, at in zip(periods, written, strict=True)]
    return {
        "flag_id": pa.array(found.own_ids(), STRING),
        "kind": pa.array(["consent"] * len(each), STRING),
        "value_code": pa.array(decided, STRING),
        "status": pa.array(words(statuses(found)), STRING),
        "started_at": found.instants(begun),
        "ended_at": found.instants([period.end for period in periods]),
        "documented_at": found.documented(written),
    }


def _first(read: Provision | list[Provision | None] | None) -> Provision:
    if isinstance(read, list):
        return next(filter(None, read), None) or Provision()
    return read or Provision()


def _nothing(one: Consent, provision: Provision) -> tuple[Raw, ...]:
    """A Consent that names no code has a row as well: it is kept and counted."""
    return () if one.category or provision.code else (NOTHING,)


def read_devices(found: Found[Device]) -> Iterator[Rows]:
    """The rows of a batch's Devices."""
    each = found.resources
    code = found.codes([one.type for one in each])
    columns = {
        "flag_id": found.own_ids(),
        "kind": ["device"] * len(each),
        "code": code.code,
        "code_system": code.system,
        "code_text": code.text,
        "status": words(statuses(found)),
        "documented_at": found.documented([None] * len(each)),
    }
    yield Rows("flags", columns)
