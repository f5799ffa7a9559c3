"""nightingaleews: the shock index. Its early warning score is one of its own, published nowhere."""

from nightingaleews.ews_scorer import calculate_shock_index

from tests.conformance.adapter import Answer, NotSupportedError, only
from tests.conformance.adapters.packages import installed
from tests.conformance.case import Case


class Nightingale:
    """Takes numbers in order."""

    name = "nightingaleews"
    package = "nightingaleews"

    def version(self) -> str | None:
        """The version that is installed, if any."""
        return installed(self.package)

    def answer(self, case: Case) -> Answer:
        """Divide the pulse by the pressure."""
        if case.score != "shock_index":
            reason = "no such score"
            raise NotSupportedError(reason)
        only(case, "heart_rate", "systolic_bp")
        return Answer(calculate_shock_index(case.given["heart_rate"], case.given["systolic_bp"]))
