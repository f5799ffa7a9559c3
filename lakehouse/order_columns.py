"""The columns of what was ordered and given: orders of services, and medications.

Here: column groups, in the order they are stored, as in columns.py. Not here: which table has which
group (tables.py).
"""

import pyarrow as pa

from lakehouse.columns import DOUBLE, STRING, UTC, Column, one_of

ORDER_EVENT = (
    Column("order_id", STRING, "Placer order number (ORC-2, OBR-2), else filler."),
    Column(
        "order_control", STRING, "ORC-1, HL7 table 0119: NW new, CA cancel, SC status changed ..."
    ),
    Column("order_status", STRING, "State of the order as sent (ORC-5, FHIR status)."),
    Column("code", STRING, "Ordered service as sent (OBR-4.1)."),
    Column("code_system", STRING, "Code system as sent (OBR-4.3)."),
    Column("code_text", STRING, "Name of the service as sent (OBR-4.2)."),
    Column("specimen", STRING, "Specimen as sent (SPM-4 or OBR-15)."),
    Column("concept", STRING, "culture for a body-fluid culture; else null."),
    Column("effective_at", UTC, "When collected or ordered (OBR-7, else SPM-17, else ORC-9)."),
    Column("documented_at", UTC, "When it was ordered or recorded (ORC-9, else MSH-7)."),
    Column(
        "is_cancelled",
        pa.bool_(),
        "Whether this event withdraws the order (ORC-1 CA, OC, DC, CR; status CA).",
    ),
    Column(
        "event",
        STRING,
        "ordered, changed, held, resumed, discontinued, cancelled, collected (a specimen), "
        "reported or completed; null where the sender does not say.",
    ),
    Column("filler_id", STRING, "Filler order number (ORC-3, OBR-3), where order_id is another."),
    Column("parent_id", STRING, "Order that this one is part of (OBR-29, ORC-8, FHIR basedOn)."),
    Column(
        "result_status",
        STRING,
        "State of the results as sent (OBR-25, HL7 table 0123; FHIR DiagnosticReport.status).",
    ),
)

MEDICATION_EVENT = (
    Column("order_id", STRING, "Placer order number (ORC-2), else filler."),
    one_of(
        "event",
        (
            *("ordered", "changed", "held", "resumed", "discontinued", "cancelled", "dispensed"),
            *("administered", "not_given", "stated", "completed"),
        ),
    ),
    Column("order_control", STRING, "ORC-1 as sent."),
    Column("code", STRING, "Drug code as sent (RXE-2.1, RXA-5.1)."),
    Column("code_system", STRING, "Code system as sent."),
    Column("code_text", STRING, "Drug as sent."),
    Column(
        "concept",
        STRING,
        "antibiotic, vasopressor ...: class of clinical/medications.csv; else null.",
    ),
    Column("ingredient", STRING, "Ingredient that the class was recognised by."),
    Column("route", STRING, "Route as sent (RXR-1)."),
    Column("dose", DOUBLE, "Amount as sent (RXE-3, RXA-6)."),
    Column("dose_unit", STRING, "Unit of dose as sent (RXE-5, RXA-7)."),
    Column("rate", DOUBLE, "Rate as sent (RXE-23, RXA-12)."),
    Column("rate_unit", STRING, "Unit of rate as sent."),
    Column("started_at", UTC, "Start (RXE-32, TQ1-7, RXA-3)."),
    Column("ended_at", UTC, "End (TQ1-8, RXA-4)."),
    Column("documented_at", UTC, "When it was recorded (ORC-9, else MSH-7)."),
    Column("order_status", STRING, "State of the order as sent (ORC-5, FHIR status)."),
    Column("replaces_id", STRING, "Order that this one replaces (ORC-8, FHIR priorPrescription)."),
    Column(
        "event_id",
        STRING,
        "The sender's number of one administration, dispense or statement; null for an order. In "
        "FHIR the resource: a later row with the same one takes its place. In HL7 v2 RXA-2, which "
        "many senders begin anew with each message: there a dose is its order_id, event_id and "
        "started_at (RXA-3). A cancelled row takes back its own dose alone.",
    ),
    Column("ingredient_code", STRING, "RxNorm ingredient that the drug's code stands for."),
)
