"""The columns of what is told of a patient's history: diagnoses, procedures, allergies and notes.

Here: column groups, in the order they are stored, as in columns.py. Not here: which table has which
group (tables.py).
"""

import pyarrow as pa

from lakehouse.columns import STRING, UTC, Column, one_of

_ERROR = "entered_in_error takes the row of the same number back"

DIAGNOSIS = (
    Column("code", STRING, "Diagnosis code as sent (DG1-3.1, FHIR Condition.code)."),
    Column("code_system", STRING, "Code system as sent (DG1-3.3)."),
    Column("code_text", STRING, "Description as sent."),
    Column("diagnosis_type", STRING, "DG1-6: A admitting, W working, F final."),
    Column("priority", pa.int32(), "DG1-15, else DG1-1."),
    Column("documented_at", UTC, "When it was recorded (DG1-5, else MSH-7)."),
    Column("diagnosis_id", STRING, "The sender's own number of it (DG1-20, FHIR Condition)."),
    Column(
        "status",
        STRING,
        "active, recurrence, relapse, inactive, remission, resolved, unconfirmed, provisional, "
        f"differential, refuted or entered_in_error; {_ERROR}. Null where not sent.",
    ),
    Column("onset_at", UTC, "When it began (FHIR onset); null in HL7 v2."),
    Column("ended_at", UTC, "When it ended (FHIR abatement); null in HL7 v2."),
)

PROCEDURE = (
    Column("procedure_id", STRING, "The sender's own number of it (PR1-19, FHIR Procedure)."),
    Column("code", STRING, "Procedure code as sent (PR1-3.1, FHIR Procedure.code)."),
    Column("code_system", STRING, "Code system as sent (PR1-3.3)."),
    Column("code_text", STRING, "Name of the procedure as sent (PR1-3.2, else PR1-4)."),
    Column("concept", STRING, "surgery or dialysis by the feed's code map; else null."),
    Column(
        "status",
        STRING,
        "planned, in_progress, on_hold, stopped, not_done, completed, unknown or entered_in_error; "
        f"{_ERROR}. Null where not sent.",
    ),
    Column("started_at", UTC, "When it began (PR1-5, FHIR performed)."),
    Column("ended_at", UTC, "When it ended (PR1-5 and the minutes of PR1-7, FHIR performed)."),
    Column("documented_at", UTC, "When it was recorded (EVN-2, else MSH-7)."),
)

ALLERGY = (
    Column("allergy_id", STRING, "The sender's own number of it (IAM-7, FHIR AllergyIntolerance)."),
    Column("code", STRING, "Code of the substance as sent (AL1-3.1, IAM-3.1)."),
    Column("code_system", STRING, "Code system as sent."),
    Column("code_text", STRING, "The substance as sent (AL1-3.2, IAM-3.2)."),
    Column("allergy_type", STRING, "Kind as sent (AL1-2, IAM-2, HL7 table 0127; FHIR category)."),
    Column("criticality", STRING, "Severity as sent (AL1-4, IAM-4; FHIR criticality)."),
    Column(
        "status",
        STRING,
        f"active, inactive, resolved, unconfirmed, refuted or entered_in_error; {_ERROR}. Null "
        "where not sent.",
    ),
    Column("onset_at", UTC, "When it was first seen (AL1-6, IAM-11, FHIR onset)."),
    Column("documented_at", UTC, "When it was recorded (IAM-20, else MSH-7)."),
)

FLAG = (
    Column("flag_id", STRING, "The sender's own number of it (FHIR Flag, Consent or Device)."),
    one_of("kind", ("flag", "consent", "device")),
    Column("code", STRING, "What is flagged, agreed to or used, as sent."),
    Column("code_system", STRING, "Code system as sent."),
    Column("code_text", STRING, "Name of the code as sent."),
    Column("concept", STRING, "Concept of clinical/concepts.csv; null where the code has none."),
    Column("value_code", STRING, "Answer of the concept that the flag stands for; else as sent."),
    Column(
        "status",
        STRING,
        f"active, inactive, draft, proposed, rejected, unknown or entered_in_error; {_ERROR}.",
    ),
    Column("started_at", UTC, "When it begins to hold."),
    Column("ended_at", UTC, "When it ceases to hold."),
    Column("documented_at", UTC, "When it was recorded."),
)

NOTE = (
    Column("note_id", STRING, "Identity of the text within its sender; null where not sent."),
    Column("about_table", STRING, "Table of the row that the text was sent with; else null."),
    Column("about_id", STRING, "Identity of that row: its order, observation or other number."),
    one_of("kind", ("comment", "document", "communication", "report")),
    Column("code", STRING, "Code of the kind of text as sent (TXA-2, OBX-3.1, FHIR type)."),
    Column("code_system", STRING, "Code system as sent."),
    Column("code_text", STRING, "Name of the code as sent."),
    Column("text", STRING, "The text as sent, unescaped; it may name anybody."),
    Column("status", STRING, f"Status as sent (OBX-11, TXA-17, FHIR status); {_ERROR}."),
    Column("documented_at", UTC, "When it was written (TXA-4, else MSH-7)."),
)
