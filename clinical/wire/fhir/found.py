"""The resources of one type in a batch, and the columns that are read from them.

Here: what every reader needs: codes, times, ids, numbers, each as a column. Not here: which
resource becomes which table (observations.py, conditions.py ...), or who it is about (subjects.py).

A reader never raises. What it cannot read it refuses, and the whole message is quarantined with it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Raw

from clinical.wire.fhir.codings import NO_CODE, answer_of, code_of
from clinical.wire.fhir.groups import Group
from clinical.wire.fhir.identities import Identity, identifiers
from clinical.wire.fhir.reasons import Reason
from clinical.wire.fhir.references import (
    MalformedError,
    label,
    reference_of,
    take_apart,
    unversioned,
)
from clinical.wire.fhir.resources import Resource
from clinical.wire.fhir.texts import FEW, Column, array, distinct, nothing, pick
from clinical.wire.fhir.texts import Rows as Positions
from clinical.wire.fhir.times import dated, instant, instants, moments

R = TypeVar("R", bound=Resource)
T = TypeVar("T")
STRING = pa.string()


class Codes(NamedTuple):
    """The columns of a code."""

    code: pa.Array
    system: pa.Array
    text: pa.Array
    alternate_code: pa.Array
    alternate_system: pa.Array


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table, columns by name; those of the contract that are not there are null.

    `of` says which resource each row is of, in rising order, where they are not one of each.
    Patient and visit are those of the resource, unless the columns name others.
    """

    table: str
    columns: Mapping[str, Column]
    of: Positions | None = None


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """Resources of one type, all of them about a patient.

    `resource_in` reads the JSON of a contained resource.
    """

    group: Group[R]
    patients: tuple[Column, Column]
    zone: str
    resource_in: Callable[[Raw], Resource | None]
    refused: list[tuple[int, Reason]] = field(default_factory=list)

    @property
    def resources(self) -> list[R]:
        """The resources, in the order of their messages."""
        return self.group.resources

    @property
    def retracted(self) -> list[bool]:
        """Whether a later entry of the same message deletes this one."""
        return self.group.retracted

    def __len__(self) -> int:
        return len(self.group.resources)

    def patient(self, position: int) -> Identity:
        """Whom one resource is about."""
        facility, patient_id = (array(pick(told, [position]), STRING) for told in self.patients)
        return Identity(facility[0].as_py(), patient_id[0].as_py())

    def refuse(self, position: int, reason: Reason) -> None:
        """Quarantine the message of a resource."""
        self.refused.append((self.group.messages[position], reason))

    def codes(self, concepts: Sequence[Raw], of: Positions | None = None) -> Codes:
        """The codes of CodeableConcepts; `of` says whose each is, where not one of each."""
        return Codes(*(array(column, STRING) for column in self.coded(concepts, of)))

    def coded(self, concepts: Sequence[Raw], of: Positions | None = None) -> tuple[Column, ...]:
        """The same columns, of few rows as lists."""
        each = distinct(concepts)
        read = [code_of(text) for text in each.texts]
        if None in read:
            self._misshapen(each.rows_of([code is None for code in read]), of)
        known = [NO_CODE if code is None else code for code in read]
        return tuple(each.spread(column, STRING) for column in zip(*known, strict=True))

    def answers(self, concepts: Sequence[Raw], of: Positions | None = None) -> pa.Array:
        """The code, else the words, of CodeableConcepts or of the first of lists of them."""
        return array(self.answered(concepts, of), STRING)

    def answered(self, concepts: Sequence[Raw], of: Positions | None = None) -> Column:
        """The same column, of few rows as a list."""
        if not any(concepts):
            return nothing(len(concepts))
        each = distinct(concepts)
        read = [answer_of(text) for text in each.texts]
        if None in read:
            self._misshapen(each.rows_of([told is None for told in read]), of)
        return each.spread([told[0] if told else None for told in read], STRING)

    def labels(self, references: Sequence[Raw]) -> pa.Array:
        """Places or things by their words, else by their id."""
        return array(self.labelled(references), STRING)

    def labelled(self, references: Sequence[Raw]) -> Column:
        """The same column, of few rows as a list."""
        if not any(references):
            return nothing(len(references))
        each = distinct(references)
        return each.spread([label(text) for text in each.texts], STRING)

    def each(
        self, raws: Sequence[Raw], decoder: "msgspec.json.Decoder[T]",
        of: Positions | None = None,
    ) -> list[T | None]:  # fmt: skip
        """Elements read by a decoder; None where one was not sent."""
        read: list[T | None] = [None] * len(raws)
        for row, raw in enumerate(raws):
            if raw:
                try:
                    read[row] = decoder.decode(raw)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    self._misshapen([row], of)
        return read

    def instant(self, text: str | None) -> int | None:
        """One time, in microseconds since 1970."""
        return instant(text, self.zone) if text else None

    def instants(self, texts: Sequence[str | None]) -> pa.TimestampArray:
        """Times; null where there is none or it cannot be read."""
        return instants(texts, self.zone)

    def moments(self, texts: Sequence[str | None]) -> Column:
        """The same column, of few rows as a list of microseconds since 1970."""
        return moments(texts, self.zone)

    def dated(self, texts: Sequence[str | None]) -> Column:
        """The same of times that date a signal: null also where only a month or year is told."""
        return dated(texts, self.zone)

    def documented(self, texts: Sequence[str | None]) -> pa.TimestampArray:
        """When each was written down: as it says, else when it was sent or last changed."""
        return instants(self.written(texts), self.zone)

    def written(self, texts: Sequence[str | None]) -> list[str | None]:
        """The same as text."""
        if all(texts):
            return list(texts)
        return [text or sent for text, sent in zip(texts, self.all_sent(), strict=True)]

    def own_column(self) -> Column:
        """The same as `own_ids`, of few rows as a list."""
        if len(self) > FEW:
            ids = pa.array([resource.id for resource in self.resources], STRING)
            if ids.null_count == 0 and pc.min(pc.binary_length(ids)).as_py():
                kind = type(self.resources[0]).__name__
                return pc.binary_join_element_wise(f"{kind}/", ids, "")
        return self.own_ids()

    def own_ids(self) -> list[str | None]:
        """What identifies each resource: `Type/id`, else its first identifier, else its address."""
        kind = type(self.resources[0]).__name__ if self.resources else ""
        return [
            f"{kind}/{resource.id}" if resource.id else self._own_id(kind, row)
            for row, resource in enumerate(self.resources)
        ]

    def named(self, references: Sequence[Raw]) -> list[str | None]:
        """What references point to, spelt like `own_ids`."""
        if not any(references):
            return [None] * len(references)
        told: list[str | None] = []
        for row, raw in enumerate(references):
            told.append(self._named(raw, row) if raw else None)
        return told

    def has_more(self, position: int) -> bool:
        """Whether a resource can point to anything within its message."""
        return bool(self.resources[position].contained) or not self.group.contexts[position].alone

    def resource_at(self, reference: Raw, position: int) -> Resource | None:
        """The resource a reference points to, contained or in the same message; None elsewhere."""
        try:
            read = reference_of(bytes(reference))
        except MalformedError:
            return None
        path = unversioned(read.reference or "") if read else ""
        if path.startswith("#"):
            return self._contained(path[1:], position)
        target = take_apart(path, read.type if read else None)
        known = self.group.contexts[position].known.by_address
        return known.get(path) or known.get(f"{target.type}/{target.id}")

    def _contained(self, own_id: str, position: int) -> Resource | None:
        for raw in self.resources[position].contained or ():
            found = self.resource_in(raw)
            if found is not None and found.id == own_id:
                return found
        return None

    def _named(self, raw: Raw, position: int) -> str | None:
        try:
            read = reference_of(bytes(raw))
        except MalformedError:
            self._misshapen([position], None)
            return None
        if read is None:
            return None
        path = unversioned(read.reference or "")
        known = self.group.contexts[position].known.by_address.get(path)
        if known is not None and known.id:
            return f"{type(known).__name__}/{known.id}"
        target = take_apart(path, read.type)
        if not target.id:
            return read.identifier.value if read.identifier else None
        return f"{target.type}/{target.id}" if target.type else target.id

    def all_sent(self) -> list[str | None]:
        """The same of each of them."""
        if not self.group.outside:
            return [self.sent(row) for row in range(len(self))]
        metas = [resource.meta for resource in self.resources]
        return [meta.last_updated if meta else None for meta in metas]

    def sent(self, row: int) -> str | None:
        """When the message of a resource was sent, else when the resource was last changed."""
        meta = self.resources[row].meta
        return self.group.contexts[row].sent or (meta.last_updated if meta else None)

    def _own_id(self, kind: str, row: int) -> str | None:
        try:
            named = identifiers(self.resources[row])
        except MalformedError:
            self.refuse(row, Reason.WRONG_SHAPE)
            return None
        own = next((item.value for item in named if item.value), None)
        return f"{kind}/{own}" if own else self.group.urls[row]

    def _misshapen(self, rows: Sequence[int], of: Positions | None) -> None:
        for row in rows:
            self.refuse(row if of is None else int(of[row]), Reason.WRONG_SHAPE)
