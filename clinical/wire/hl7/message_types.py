"""Which message types are used, and which triggers of ADT mean what.

Here: HL7 table 0076 as literal tables. Not here: what is read from a message of a type.
"""

from collections.abc import Mapping
from types import MappingProxyType

VACCINATIONS = frozenset({"VXU"})
RESULTS = frozenset({"ORU", "OUL"}) | VACCINATIONS
ENCOUNTERS = frozenset({"ADT"})
# Answers to an order tell its numbers and its state, if they say whose it is (else: skipped).
ORDER_ANSWERS = frozenset({"ORR", "ORL", "ORG", "ORI"})
ORDERS = frozenset({"ORM", "OML", "OMG", "OMI"}) | ORDER_ANSWERS
MEDICATION_ANSWERS = frozenset({"RRE", "RRD", "RRG", "RRA", "ORP"})
MEDICATIONS = frozenset({"RDE", "RDS", "RAS", "RGV", "OMP"}) | VACCINATIONS | MEDICATION_ANSWERS
CHARGES = frozenset({"DFT"})
# Accounts tell of patients, diagnoses and procedures; documents are kept as notes.
ACCOUNTS, DOCUMENTS = frozenset({"BAR"}), frozenset({"MDM"})
ANSWERS = ORDER_ANSWERS | MEDICATION_ANSWERS
USED = RESULTS | ENCOUNTERS | ORDERS | MEDICATIONS | CHARGES | ACCOUNTS | DOCUMENTS
# Whose OBX are observations. Those of an order are remarks on it, often of an older result whose
# time is not told.
OBSERVED = RESULTS | ENCOUNTERS

# Source: HL7 table 0076, v2.3 to v2.8.2; types that are used above are left out.
TABLE_0076 = """
    ACK ADR ARD BPS BRP BRT BTS CCF CCI CCM CCQ CCR CCU CQU CRM CSU DBC DBU DEL DEO DER DOC DPR DRC
    DRG DSR EAC EAN EAR EDR EHC EQQ ERP ERQ ESR ESU INR INU LSR LSU MCF MFD MFK MFN MFQ MFR NMD NMQ
    NMR OMB OMD OMN OMQ OMS OPL OPR OPU ORA ORB ORD ORF ORN ORS ORX OSM OSQ OSR OSU PEX PGL PIN PMU
    PPG PPP PPR PPT PPV PRR PTR QBP QCK QCN QRY QSB QSX QVR RAR RCI RCL RDO RDR RDY REF RER RGR ROR
    RPA RPI RPL RPR RQA RQC RQI RQP RQQ RRI RRO RSP RTB SCN SDN SDR SIU SLN SLR SMD SPQ SQM SQR SRM
    SRR SSR SSU STC STI SUR TBR TCR TCU UDM URS VQQ VTQ VXQ VXR VXX
"""
SKIPPED = frozenset(TABLE_0076.split())

# What an ADT trigger does to an encounter; a trigger without a name here is its own name.
EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "A01": "admit",
        "A02": "transfer",
        "A03": "discharge",
        "A04": "register",
        "A05": "preadmit",
        "A06": "class_change",  # outpatient becomes inpatient: the new class is in the row
        "A07": "class_change",
        "A08": "update",
        "A09": "depart",
        "A10": "arrive",
        "A11": "cancel_admit",
        "A12": "cancel_transfer",
        "A13": "cancel_discharge",
        "A14": "pending_admit",
        "A15": "pending_transfer",
        "A16": "pending_discharge",
        "A17": "swap",  # one row per patient: PV1-3 is the bed after the swap
        "A21": "leave",
        "A22": "return",
        "A23": "delete_visit",
        "A25": "cancel_pending_discharge",
        "A26": "cancel_pending_transfer",
        "A27": "cancel_pending_admit",
        "A32": "cancel_arrive",
        "A33": "cancel_depart",
        "A38": "cancel_preadmit",
        "A52": "cancel_leave",
        "A53": "cancel_return",
    }
)

# What an ADT trigger says of identities, in the words of `clinical.encounters.identities`.
IDENTITIES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("A18", "A30", "A34", "A36", "A39", "A40", "A43"), "merge"),
        **dict.fromkeys(("A31", "A46", "A47"), "change_id"),
        **dict.fromkeys(("A35", "A41", "A49"), "merge_account"),
        **dict.fromkeys(("A42", "A50"), "merge_visit"),
        "A44": "move_account",
        "A45": "move_visit",
    }
)
# Messages about two patients, told by two PIDs.
LINKS: Mapping[str, str] = MappingProxyType({"A24": "link", "A37": "unlink"})

# Triggers by which one patient identifier (MRG-1) is retired in favour of another (PID-3): without
# both the message says nothing. Account and visit messages retire no patient identifier, and A31
# seldom names one.
MERGES = frozenset(
    trigger for trigger, event in IDENTITIES.items() if event in {"merge", "change_id"}
) - {"A31"}
