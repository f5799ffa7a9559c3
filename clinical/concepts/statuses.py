"""What became of a result, of its report and of its order: one vocabulary for every wire format.

Here: the statuses of observations, which of them take back, count unverified or say nothing, and
the tables from HL7 v2 and FHIR to them; the states of orders that reports and order numbers tell;
and the steps in the lives of orders. Not here: reading fields (clinical/wire/hl7,
clinical/wire/fhir), or which version stands (lakehouse/observations.py, clinical/normalise).

Three public mappings of OBX-11 disagree on D, W, X, U, S and I (clinical-definitions section 14);
these tables are this project's reading of HL7 table 0085 itself.
"""

from collections.abc import Mapping
from types import MappingProxyType

FINAL, PRELIMINARY, REGISTERED, UNKNOWN = "final", "preliminary", "registered", "unknown"
CORRECTED, AMENDED, APPENDED = "corrected", "amended", "appended"
CANCELLED, ENTERED_IN_ERROR = "cancelled", "entered_in_error"
# OBX-11 W, as decoded: the result was another patient's, and somebody has to ask whose. It is
# stored as entered in error, with this word as the reason why it is not scored.
WRONG_PATIENT = "wrong_patient"
# OBX-11 U without a value: what was told as preliminary is final as it stands.
STATUS_CHANGE = "status_change"

# Statuses in the order in which one that was written at the same moment supersedes another.
RANKED: tuple[tuple[str, ...], ...] = (
    (REGISTERED,),
    (UNKNOWN, PRELIMINARY),
    (FINAL, STATUS_CHANGE),
    (APPENDED, AMENDED, CORRECTED),
    (CANCELLED,),
    (ENTERED_IN_ERROR,),
)
STATUSES: tuple[str, ...] = tuple(status for rank in RANKED for status in rank)
RANK: Mapping[str, int] = MappingProxyType(
    {status: number for number, rank in enumerate(RANKED) for status in rank}
)
# It never was true of the patient, or no value will ever come.
RETRACTED = frozenset({ENTERED_IN_ERROR, CANCELLED})
# Speak even without a value: they take back what was said before.
TAKES_BACK = RETRACTED | {CORRECTED, AMENDED}
# Count, but nobody has verified them yet.
UNVERIFIED = frozenset({PRELIMINARY, UNKNOWN})

# OBX-11, HL7 table 0085, as clinical-definitions section 14 settles it.
OBX_11: Mapping[str, str] = MappingProxyType(
    {
        "F": FINAL,
        "U": STATUS_CHANGE,  # with a value of its own: final
        "C": CORRECTED,
        "A": AMENDED,
        "B": APPENDED,
        "P": PRELIMINARY,
        "R": PRELIMINARY,
        "S": PRELIMINARY,
        "D": ENTERED_IN_ERROR,
        "W": WRONG_PATIENT,
        "X": CANCELLED,
        "I": REGISTERED,
        "N": REGISTERED,
        "O": REGISTERED,
    }
)
# OBR-25, HL7 table 0123, for an OBX that has no status of its own.
OBR_25: Mapping[str, str] = MappingProxyType(
    {
        "F": FINAL,
        "C": CORRECTED,
        "M": CORRECTED,
        "A": PRELIMINARY,
        "P": PRELIMINARY,
        "R": PRELIMINARY,
        "O": REGISTERED,
        "I": REGISTERED,
        "S": REGISTERED,
        "N": REGISTERED,
        "X": CANCELLED,
    }
)
# https://hl7.org/fhir/R4/valueset-observation-status.html
FHIR_OBSERVATION: Mapping[str, str] = MappingProxyType(
    {
        "registered": REGISTERED,
        "specimen-in-process": REGISTERED,
        "preliminary": PRELIMINARY,
        "final": FINAL,
        "amended": AMENDED,
        "appended": APPENDED,
        "corrected": CORRECTED,
        "cancelled": CANCELLED,
        "cannot-be-obtained": CANCELLED,
        "entered-in-error": ENTERED_IN_ERROR,
    }
)
# States of an order that its results tell: HL7 table 0123 and FHIR DiagnosticReport.status. A
# corrected report that is not final (M) has been corrected all the same.
IN_PROGRESS, RESULTED = "in_progress", "resulted"
REPORTS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("O", "I", "S", "A", "P", "R", "N"), IN_PROGRESS),
        **dict.fromkeys(("registered", "partial", "preliminary", "modified"), IN_PROGRESS),
        **dict.fromkeys(("F", "final"), RESULTED),
        **dict.fromkeys(("C", "M", "corrected", "amended", "appended"), CORRECTED),
        **dict.fromkeys(("X", "cancelled", "entered-in-error"), CANCELLED),
    }
)
# Of reports that were written at the same moment the higher supersedes, as their results do; one
# that the tables of results do not name (`partial`) has preliminary results.
_OF_REPORT: Mapping[str, str] = MappingProxyType(
    {**dict.fromkeys(REPORTS, PRELIMINARY), **FHIR_OBSERVATION, **OBR_25}
)
REPORT_RANK: Mapping[str, int] = MappingProxyType(
    {code: RANK[_OF_REPORT[code]] for code in REPORTS}
)

# Events in the lives of orders, and of orders for drugs; of those written at the same moment the
# later in the line counts.
ORDER_STEPS = (
    *("ordered", "changed", "resumed", "held", "collected", "completed", "reported"),
    *("discontinued", "cancelled"),
)
DRUG_STEPS = ("ordered", "changed", "resumed", "held", "completed", "discontinued", "cancelled")
