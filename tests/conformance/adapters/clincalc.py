"""clincalc: NEWS2, qSOFA and SOFA of a Rust engine.

It is not among this project's development packages, for its licence (AGPL): `pip install clincalc`
beside them to ask it.
"""

from importlib import import_module
from typing import Any

from tests.conformance.adapter import Answer, NotSupportedError, only
from tests.conformance.adapters.packages import installed
from tests.conformance.adapters.vitalscore import NEWS2
from tests.conformance.case import OLIGURIA_ML, Case, in_a_day, series

SOFA = (
    "pao2", "fio2", "oxygen_device", "platelets", "bilirubin_total", "mean_bp", "gcs_total",
    "creatinine", "urine_output", "weight",
)  # fmt: skip


class Clincalc:
    """Takes a dictionary that its schema checks."""

    name = "clincalc"
    package = "clincalc"

    def version(self) -> str | None:
        """The version that is installed, if any."""
        return installed(self.package)

    def answer(self, case: Case) -> Answer:
        """Score one case."""
        told = {"news2": _news2, "qsofa": _qsofa, "sofa": _sofa}.get(case.score)
        if told is None or case.variant == "gcs_13_or_less":
            reason = "no such score"
            raise NotSupportedError(reason)
        try:
            return Answer(_total(import_module(self.package).calculate(case.score, told(case))))
        except ValueError as error:
            reason = "refuses the values"
            raise NotSupportedError(reason) from error


def _total(found: Any) -> float:
    return float(found["result"])


def _news2(case: Case) -> dict[str, Any]:
    given = case.given
    only(case, *NEWS2, *(["spo2_scale"] if "spo2_scale" in given else []))
    return {
        "respiratory_rate": given["respiratory_rate"],
        "spo2": given["spo2"],
        "on_oxygen": given["oxygen_flow"] > 0,
        "systolic_bp": given["systolic_bp"],
        "pulse": given["heart_rate"],
        "consciousness": "alert" if given["consciousness"] == "A" else "confusion-or-vpu",
        "temperature": given["temperature"],
        "spo2_scale": str(given.get("spo2_scale", 1)),
    }


def _qsofa(case: Case) -> dict[str, Any]:
    only(case, "systolic_bp", "respiratory_rate", "gcs_total")
    return {
        "respiratory_rate": case.given["respiratory_rate"],
        "systolic_bp": case.given["systolic_bp"],
        "altered_mentation": case.given["gcs_total"] < 15,
    }


def _sofa(case: Case) -> dict[str, Any]:
    """The caller chooses the cardiovascular line: infusions are not asked."""
    given = case.given
    only(case, *SOFA)
    if len(series(given["platelets"])) > 1:
        reason = "values of one time only"
        raise NotSupportedError(reason)
    if in_a_day(given["urine_output"]) < OLIGURIA_ML:
        reason = "does not ask for urine_output"
        raise NotSupportedError(reason)
    return {
        "pao2_fio2": given["pao2"] * 100 / given["fio2"],
        "respiratory_support": given["oxygen_device"] == "ventilator",
        "platelets": given["platelets"],
        "bilirubin": given["bilirubin_total"],
        "bilirubin_unit": "mg/dL",
        "cardiovascular": "map-at-least70" if given["mean_bp"] >= 70 else "map-below70",
        "gcs": given["gcs_total"],
        "creatinine": given["creatinine"],
        "creatinine_unit": "mg/dL",
    }
