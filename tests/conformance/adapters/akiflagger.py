"""akiFlagger: KDIGO stages by creatinine alone."""

import warnings

import pandas as pd
from akiFlagger import AKIFlagger

from tests.conformance.adapter import Answer, NotSupportedError
from tests.conformance.adapters.packages import installed
from tests.conformance.case import Case, series

NOW = pd.Timestamp("2026-01-05")


class AkiFlagger:
    """The rolling minimum, without the padding of 4 hours that it adds by default."""

    name = "akiFlagger"
    package = "akiflagger"

    def version(self) -> str | None:
        """The version that is installed, if any."""
        return installed(self.package)

    def answer(self, case: Case) -> Answer:
        """Stage one case's creatinine."""
        if case.score != "kdigo":
            reason = "no such score"
            raise NotSupportedError(reason)
        more = {"dialysis", "age_years"}.intersection(case.given)
        if "creatinine" not in case.given or more or "/urine" in case.id:
            reason = "creatinine alone"
            raise NotSupportedError(reason)
        creatinine = series(case.given["creatinine"])
        table = pd.DataFrame(
            {
                "patient_id": 1,
                "inpatient": True,
                "time": [NOW - pd.Timedelta(hours=ago) for ago, _ in creatinine],
                "creatinine": [value for _, value in creatinine],
            }
        )
        return Answer(float(self._flag(table)["aki"].iloc[-1]))

    def _flag(self, table: pd.DataFrame) -> pd.DataFrame:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return AKIFlagger(padding=None).returnAKIpatients(table)
