"""Codes of diagnoses, procedures and flags that say what holds of a patient.

Here: one row of `clinical/context_codes.csv` each, and which concept a code of a standard system
stands for. Not here: a feed's own codes (its code map goes first), statuses and times
(clinical/normalise/conditions.py), or what a condition changes (clinical/context).

A code of an ICD ends in `*` where every code below it is meant. Codes are written with and without
their dot. Palliative care (ICD-10 Z51.5, ICD-9-CM V66.7) is not among them: the value set that
defines comfort measures leaves it out, for patients under treatment have it too, and their alerts
must not fall silent. An operation is known by a feed's own map alone.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal, cast

Kind = Literal["diagnosis", "procedure", "flag"]

# How HL7 table 0396, FHIR and object identifiers name the systems; the first that fits counts.
_SYSTEMS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "icd9pcs": r"^i9c?p|icd-?9.*(pcs|proc)|\.6\.104$",
        "icd10pcs": r"^i10p|icd-?10.*pcs|\.6\.4$",
        "icd9": r"^i9|icd-?9|\.6\.(42|2|103)$",
        "icd10": r"^i10|icd-?10|\.6\.(3|90)$",
        "snomed": r"^(sct|snm|snomed)|//snomed\.info/sct|\.6\.96$",
        "cpt": r"^(c4|cpt)|/cpt$|\.6\.12$",
        "hcpcs": r"^(hcpcs|hpc)|/hcpcs|\.6\.(14|285)$",
    }.items()
}
# Without a system the form of the code tells these; a V code could be of either ICD.
_UNNAMED = re.compile(r"^(585\d?|N18[0-9A-Z]{0,4})$")


@dataclass(frozen=True, slots=True)
class ContextCode:
    """One code: what it is of, its system, and the concept, and answer, that it stands for."""

    kind: Kind
    system: str
    code: str
    concept: str
    answer: str | None
    name: str
    source: str
    version: str


def read_codes(text: str) -> tuple[ContextCode, ...]:
    """Read the codes from the text of `context_codes.csv`."""
    return tuple(
        ContextCode(
            cast("Kind", row["kind"]),
            row["code_system"],
            row["code"],
            row["concept"],
            row["answer"] or None,
            row["name"],
            row["source"],
            row["version"],
        )
        for row in csv.DictReader(text.splitlines())
    )


CONTEXT_CODES = read_codes(
    files("clinical").joinpath("context_codes.csv").read_text(encoding="utf-8")
)


def system_of(name: str) -> str | None:
    """The code system that a name or an address stands for, in the table's own words."""
    return next((system for system, form in _SYSTEMS.items() if form.search(name)), None)


@lru_cache(maxsize=8192)
def stands_for(kind: Kind, system: str | None, code: str | None) -> tuple[ContextCode, ...]:
    """The rows of a code; of several concepts where it tells several."""
    plain = (code or "").replace(".", "").strip().upper()
    if not plain:
        return ()
    if system:
        found = system_of(system)
        return () if found is None else _rows(kind, {found}, plain)
    return _rows(kind, {"icd9", "icd10"}, plain) if _UNNAMED.match(plain) else ()


def procedure_concept(system: str | None, code: str | None) -> str | None:
    """What a procedure was: the concept of its code; None where no row has it."""
    return next((row.concept for row in stands_for("procedure", system, code)), None)


def flag_answer(system: str | None, code: str | None) -> tuple[str, str] | None:
    """The concept of a flag's code and its answer; None where no row has it."""
    rows = stands_for("flag", system, code)
    return next(((row.concept, row.answer) for row in rows if row.answer), None)


def _rows(kind: Kind, systems: Iterable[str], code: str) -> tuple[ContextCode, ...]:
    wanted = set(systems)
    return tuple(
        row
        for row in CONTEXT_CODES
        if row.kind == kind and row.system in wanted and _is(row.code, code)
    )


def _is(known: str, code: str) -> bool:
    return code.startswith(known[:-1]) if known.endswith("*") else code == known
