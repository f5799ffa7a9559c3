"""Conditions that hold for good, by the codes of diagnoses.

Here: which codes stand for which condition, and their signals. Not here: what a condition changes
for a score or an alert (clinical/context, clinical/adjudication).

A diagnosis is dated by when it was told: often at discharge, when the stay is coded. No message of
ours takes a diagnosis back.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from clinical.normalise.distinct import distinct, flat
from clinical.normalise.signal_rows import as_signals, identity, of_concept, ones, only, texts_of

READ = ("code", "code_system", "documented_at")
# HL7 table 0396 and the like for ICD-9-CM and ICD-10: I9, I9C, I10, ICD-9-CM, icd-10-cm, and the
# addresses that FHIR gives them. Without a system the form of the code tells.
_ICD = re.compile(r"^(i9|i10|icd)|/icd-?(9|10)|2\.16\.840\.1\.113883\.6\.(42|3|90|103)$", re.I)
# ICD-9-CM 585 (since 2005 in the stages 585.1 to 585.6, and 585.9 without one); ICD-10 and
# ICD-10-CM N18 with N18.1 to N18.6, N18.3x and N18.9. Acute failure (584, N17) and unspecified
# failure (586, N19) are not among them. The sources write codes with and without the dot.
CODES: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "chronic_kidney_disease": re.compile(r"^(585[1-69]?|N18[0-9]{0,2})$", re.I),
        "end_stage_renal_disease": re.compile(r"^(5856|N186)$", re.I),
    }
)


def condition_signals(rows: pa.Table) -> list[pa.Table]:
    """The signals of a table of diagnoses."""
    codes = distinct(flat(rows["code_system"]), flat(rows["code"]))
    found = []
    for concept in CODES:
        chosen = codes.decide(lambda system, code, concept=concept: means(concept, system, code))
        mine = np.array(chosen or [False])[codes.which]
        if mine.any():
            found.append(_told(only(rows, mine, READ), concept))
    return found


def means(concept: str, system: str | None, code: str | None) -> bool:
    """Whether a diagnosis code stands for a condition."""
    if not code or (system and not _ICD.search(system)):
        return False
    return bool(CODES[concept].match(code.replace(".", "").strip()))


def _told(rows: pa.Table, concept: str) -> pa.Table:
    whose = identity(f"{concept}:", *texts_of(rows, "facility", "patient_id", "code"))
    void = pa.array(np.zeros(len(rows), np.bool_))
    return as_signals(of_concept(rows, concept), "documented_at", ones(rows), void, whose)
