r"""HL7 v2.5.1 segments as text.

Here: escaping, and the segments that every rendered message shares. Not here: what goes into which
message (one module per kind of message), or framing (batch.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

END = "\r"

# HL7 v2.5.1 ch. 2.7. Line ends become hexadecimal escapes: a decoder gets the same text back.
_ESCAPES = str.maketrans(
    {
        "\\": "\\E\\",
        "|": "\\F\\",
        "^": "\\S\\",
        "&": "\\T\\",
        "~": "\\R\\",
        "\r": "\\X0D\\",
        "\n": "\\X0A\\",
    }
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: MSH-3, MSH-4, and the authority that assigned the patient number."""

    application: str
    facility: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a message is about, as far as the source says. Texts are HL7 times and codes already."""

    patient_id: str
    encounter_id: str = ""
    birth_date: str = ""
    sex: str = ""
    died_at: str = ""


def escape(text: str) -> str:
    r"""The text with HL7's delimiters and line ends escaped (`|` becomes `\F\`)."""
    return text.translate(_ESCAPES)


def segment(name: str, fields: Mapping[int, str]) -> str:
    """A segment from field number to field; the fields are escaped already, gaps stay empty."""
    last = max((number for number, value in fields.items() if value), default=0)
    return "|".join([name, *(fields.get(number, "") for number in range(1, last + 1))]) + END


def header(sender: Sender, sent_at: str, kind: str, control_id: str) -> str:
    """MSH; `kind` is MSH-9 whole, such as `ORU^R01^ORU_R01`."""
    return (
        f"MSH|^~\\&|{sender.application}|{sender.facility}|||{sent_at}||{kind}|{control_id}"
        f"|P|2.5.1||||||UNICODE UTF-8{END}"
    )


def patient(sender: Sender, who: Subject) -> str:
    """PID without a name: the sources have none. Death is PID-29 and PID-30."""
    deceased = "Y" if who.died_at else ""
    return segment(
        "PID",
        {
            1: "1",
            3: f"{who.patient_id}^^^{sender.facility}^MR",
            7: who.birth_date,
            8: who.sex,
            29: who.died_at,
            30: deceased,
        },
    )


def visit(who: Subject, fields: Mapping[int, str] | None = None) -> str:
    """PV1: an inpatient when the source names a stay, an outpatient otherwise."""
    patient_class = "I" if who.encounter_id else "O"
    return segment("PV1", {1: "1", 2: patient_class, 19: who.encounter_id, **(fields or {})})


def opening(sender: Sender, sent_at: str, kind: str, control_id: str, who: Subject) -> str:
    """MSH, PID and PV1: how every message but an ADT begins. Most pass here, so no dicts."""
    demographics = f"{who.birth_date}|{who.sex}".rstrip("|")
    stay = f"I{'|' * 17}{who.encounter_id}" if who.encounter_id else "O"
    return (
        f"{header(sender, sent_at, kind, control_id)}"
        f"PID|1||{who.patient_id}^^^{sender.facility}^MR||||{demographics}".rstrip("|")
        + f"{END}PV1|1|{stay}{END}"
    )
