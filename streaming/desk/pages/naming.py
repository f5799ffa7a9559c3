"""What readings, scores and units are called on a ward.

Here: literal tables, and looking a name up in them. Not here: what a reading is
(clinical/concepts), or words for states and events (words.py).
"""

from collections.abc import Mapping

from clinical.concepts import CONCEPTS

# What a ward writes short; every other reading goes by its own name.
_SHORT: Mapping[str, str] = {
    "heart_rate": "HR",
    "respiratory_rate": "RR",
    "spo2": "SpO2",
    "systolic_bp": "SBP",
    "diastolic_bp": "DBP",
    "mean_bp": "MAP",
    "temperature": "Temp",
    "fio2": "FiO2",
    "gcs": "GCS",
    "gcs_total": "GCS",
    "rass": "RASS",
    "ph": "pH",
    "paco2": "PaCO2",
    "pao2": "PaO2",
    "bun": "BUN",
    "crp": "CRP",
    "inr": "INR",
    "pt": "PT",
    "ptt": "PTT",
    "wbc": "White cells",
    "haemoglobin": "Hb",
    "alt": "ALT",
    "ast": "AST",
    "ldh": "LDH",
    "cvp": "CVP",
    "etco2": "EtCO2",
    "peep": "PEEP",
    "consciousness": "ACVPU",
    "cns": "CNS",
    "gcs_eye": "GCS eye",
    "gcs_verbal": "GCS verbal",
    "gcs_motor": "GCS motor",
    "ck_mb": "CK-MB",
    "d_dimer": "D-dimer",
    "mcv": "MCV",
    "nt_probnp": "NT-proBNP",
    "pco2_blood": "PCO2",
    "po2_blood": "PO2",
    "sao2": "SaO2",
}
# Answers that a chart gives in letters.
_ANSWERS: Mapping[str, Mapping[str, str]] = {
    "consciousness": {
        "a": "alert",
        "c": "new confusion",
        "v": "responds to voice",
        "p": "responds to pain",
        "u": "unresponsive",
    },
}
_LONG: Mapping[str, str] = {
    "respiratory_rate": "Respiratory rate",
    "systolic_bp": "Systolic blood pressure",
    "diastolic_bp": "Diastolic blood pressure",
    "mean_bp": "Mean blood pressure",
    "consciousness": "Consciousness",
    "fio2": "Inspired oxygen",
}
_SCORES: Mapping[str, str] = {
    "news2": "NEWS2",
    "qsofa": "qSOFA",
    "sirs": "SIRS",
    "sofa": "SOFA",
    "mews": "MEWS",
    "rox": "ROX index",
    "sf_ratio": "SpO2/FiO2",
    "pf_ratio": "PaO2/FiO2",
    "shock_index": "Shock index",
    "kdigo": "KDIGO stage",
}
_TIMES = "\N{MULTIPLICATION SIGN}"
# As written on a chart, where UCUM writes otherwise.
_UNITS: Mapping[str, str] = {
    "mm[Hg]": "mmHg",
    "Cel": "°C",
    "10*3/uL": f"{_TIMES}10³/µL",
    "10*9/L": f"{_TIMES}10⁹/L",
    "10*6/uL": f"{_TIMES}10⁶/µL",
    "10*12/L": f"{_TIMES}10¹²/L",
    "{INR}": "",
    "[pH]": "",
    "cm[H2O]": "cmH2O",
    "{score}": "",
    "{ratio}": "",
    "1": "",
}


# A longer description is a definition, no name.
_LONGEST = 40


def short(name: str) -> str:
    """A reading's name as a ward writes it in a line."""
    if name in _SHORT:
        return _SHORT[name]
    score = next((one for one in _SCORES if name == one or name.startswith(f"{one}_")), None)
    return plain(name) if score is None else f"{_SCORES[score]}{_spaced(name[len(score) :])}"


def answer(concept: str, told: str) -> str:
    """A coded answer in words."""
    return _ANSWERS.get(concept, {}).get(told.casefold()) or plain(told).lower()


def long(name: str) -> str:
    """A reading's name in full, for a table; a description of several parts is none."""
    concept = CONCEPTS.get(name)
    told = concept.description if concept else ""
    if told and len(told) <= _LONGEST and not set(told) & set(",;:("):
        return told
    return _LONG.get(name) or short(name)


def _spaced(rest: str) -> str:
    return rest.replace("_", " ")


def plain(name: str) -> str:
    """A name of the code in words: `white_cells` is `White cells`."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def unit(ucum: str | None) -> str:
    """A unit as a chart writes it."""
    if not ucum:
        return ""
    return _UNITS.get(ucum, ucum.replace("u", "µ") if ucum[:1] == "u" else ucum)
