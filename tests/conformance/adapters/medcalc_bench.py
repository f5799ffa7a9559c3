"""medcalc-bench: SIRS and SOFA, as functions that explain themselves.

White cells are told per "m^3", the unit it compares in, with the number per cubic millimetre that
its limits mean: told per "mm^3" it multiplies them by a thousand million.
"""

from typing import Any

from medcalc.sirs_criteria import sirs_criteria_explanation
from medcalc.sofa import compute_sofa_explanation

from tests.conformance.adapter import Answer, NotSupportedError
from tests.conformance.adapters.packages import installed
from tests.conformance.case import OLIGURIA_ML, Case, in_a_day, newest, series

SIRS = ("temperature", "heart_rate", "wbc")
SOFA = ("pao2", "fio2", "platelets", "bilirubin_total")
DRUGS = ("dopamine", "dobutamine", "epinephrine", "norepinephrine")


class MedcalcBench:
    """Takes a dictionary; some inputs may be left out."""

    name = "medcalc-bench"
    package = "medcalc-bench"

    def version(self) -> str | None:
        """The version that is installed, if any."""
        return installed(self.package)

    def answer(self, case: Case) -> Answer:
        """Score one case of SIRS or SOFA."""
        asked = {"sirs": self._sirs, "sofa": self._sofa}.get(case.score)
        if asked is None:
            reason = "no such score"
            raise NotSupportedError(reason)
        return Answer(asked(case.given))

    def _sirs(self, given: Any) -> float:
        _need(given, SIRS)
        if "band_neutrophils" in given:
            reason = "does not ask for band_neutrophils"
            raise NotSupportedError(reason)
        told = {
            "temperature": (given["temperature"], "degrees celsius"),
            "heart_rate": (given["heart_rate"], "beats per minute"),
            "wbc": (given["wbc"] * 1000, "m^3"),
        }
        for name, unit in (("respiratory_rate", "breaths per minute"), ("paco2", "mm Hg")):
            if name in given:
                told[name] = (given[name], unit)
        return float(sirs_criteria_explanation(told)["Answer"])

    def _sofa(self, given: Any) -> float:
        _need(given, SOFA)
        if "age_years" in given or len(series(given["platelets"])) > 1:
            reason = "does not ask for age" if "age_years" in given else "values of one time only"
            raise NotSupportedError(reason)
        told: dict[str, Any] = {
            "partial_pressure_oxygen": (given["pao2"], "mm Hg"),
            # A fraction, though its text says per cent.
            "fio2": (given["fio2"] / 100, "fraction"),
            "mechanical_ventilation": given.get("oxygen_device") == "ventilator",
            "cpap": False,
            "platelet_count": (given["platelets"] * 1000, "µL"),
            "bilirubin": (given["bilirubin_total"], "mg/dL"),
        }
        if "gcs_total" in given:
            told["gcs"] = given["gcs_total"]
        if "mean_bp" in given:
            # It works the mean out of the two: with both equal, it is that.
            told["sys_bp"] = told["dia_bp"] = (given["mean_bp"], "mm Hg")
        for drug in DRUGS:
            if f"{drug}_rate" in given:
                told[drug] = (newest(given[f"{drug}_rate"]), "µg/kg/min")
        return float(compute_sofa_explanation(told | _renal(given))["Answer"])


def _need(given: Any, names: tuple[str, ...]) -> None:
    if any(name not in given for name in names):
        reason = "no way to leave an input out"
        raise NotSupportedError(reason)


def _renal(given: Any) -> dict[str, Any]:
    """Creatinine, and urine where there was little: told both, it scores neither."""
    told: dict[str, Any] = {}
    if "creatinine" in given:
        told["creatinine"] = (given["creatinine"], "mg/dL")
    if "urine_output" in given:
        urine = in_a_day(given["urine_output"])
        if urine < OLIGURIA_ML or not told:
            told["urine_output"] = (urine, "mL/day")
    if not told:
        reason = "no way to leave an input out"
        raise NotSupportedError(reason)
    return told
