"""Small made-up source tables, and rendered batches read back with an independent parser.

Here: factories for the render tests. Not here: any expectation.
"""

import csv
import gzip
import io
from pathlib import Path

import hl7

from pulsehouse.render import mimic3
from pulsehouse.render.mimic3_source import REQUIRED, TABLES

STAY = {"subject_id": "7", "hadm_id": "70"}


def chart_row(row_id, item, value, *, at="08:00", stored="08:05", unit="", error="0"):
    number = value if value.replace(".", "", 1).isdecimal() else ""
    return {
        **STAY,
        "row_id": str(row_id),
        "itemid": str(item),
        "charttime": f"2150-03-01 {at}:00",
        "storetime": f"2150-03-01 {stored}:00",
        "value": value,
        "valuenum": number,
        "valueuom": unit,
        "error": error,
    }


TRANSFERS = [
    {
        **STAY,
        "row_id": "1",
        "eventtype": "admit",
        "intime": "2150-03-01 06:31:00",
        "curr_careunit": "MICU",
        "curr_wardid": "52",
    },
    {
        **STAY,
        "row_id": "2",
        "eventtype": "transfer",
        "intime": "2150-03-02 10:00:00",
        "prev_careunit": "MICU",
        "prev_wardid": "52",
        "curr_wardid": "45",
    },
]


def prescription(**fields):
    return {**STAY, "row_id": "3", "startdate": "2150-03-01 00:00:00", "drug": "Heparin", **fields}


def infusion(**fields):
    return {
        **STAY,
        "row_id": "4",
        "itemid": "211",
        "starttime": "2150-03-01 09:00:00",
        "endtime": "2150-03-01 10:00:00",
        "storetime": "2150-03-01 09:05:00",
        "amount": "5",
        "amountuom": "mg",
        "rate": "0.1",
        "rateuom": "mcg/kg/min",
        "ordercategoryname": "01-Drips",
        "statusdescription": "FinishedRunning",
        **fields,
    }


def specimen(**fields):
    return {
        **STAY,
        "row_id": "6",
        "chartdate": "2150-03-01 00:00:00",
        "charttime": "2150-03-01 07:15:00",
        "spec_itemid": "70012",
        "spec_type_desc": "BLOOD CULTURE",
        **fields,
    }


def charge(row_id, **fields):
    return {**STAY, "row_id": str(row_id), "costcenter": "ICU", "cpt_cd": "99291", **fields}


def write_tables(folder, **tables):
    """One patient with one stay, and the given rows; required tables without rows are empty."""
    stay = {
        **STAY,
        "row_id": "1",
        "admittime": "2150-03-01 06:30:00",
        "dischtime": "2150-03-04 12:00:00",
        "admission_type": "EMERGENCY",
        "admission_location": "EMERGENCY ROOM ADMIT",
        "discharge_location": "HOME",
        "diagnosis": "SEPSIS",
    }
    given = {
        "patients": [{"subject_id": "7", "gender": "F", "dob": "2090-01-02 00:00:00"}],
        "admissions": [stay],
        "d_items": [{"itemid": "211", "label": "Heart Rate"}, {"itemid": "5", "label": "A|B^C"}],
        **tables,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(REQUIRED | given.keys()):
        with (folder / f"{name}.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, TABLES[name])
            writer.writeheader()
            writer.writerows(given.get(name, []))
    return folder


def subset(source, folder, patients):
    """The source's tables with some patients only; dictionaries whole."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        with (
            gzip.open(source / f"{name}.csv.gz", "rt", newline="") as old,
            (folder / f"{name}.csv").open("w", newline="") as new,
        ):
            rows = csv.DictReader(old)
            writer = csv.DictWriter(new, rows.fieldnames)
            writer.writeheader()
            writer.writerows(row for row in rows if row.get("subject_id", patients[0]) in patients)
    return folder


def table_rows(folder, name):
    with (folder / f"{name}.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def rendered(folder, **options):
    out = io.BytesIO()
    mimic3.render(Path(folder), out, **options)
    return out.getvalue()


def messages(batch):
    """The messages of a batch, parsed by python-hl7; FHS, BHS, BTS and FTS are left out."""
    texts = batch.decode().split("\rMSH|")[1:]
    last = texts[-1].split("\rBTS|")[0]
    return [hl7.parse(f"MSH|{text}") for text in [*texts[:-1], last]]


def of_kind(batch, kind):
    return [message for message in messages(batch) if str(message["MSH.F9.R1.C1"]) == kind]


def field(segment, number):
    return str(segment[number]) if len(segment) > number else ""
