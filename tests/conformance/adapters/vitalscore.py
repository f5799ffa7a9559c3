"""vitalscore: NEWS2 and qSOFA."""

from vitalscore.scores import news2, qsofa

from tests.conformance.adapter import Answer, NotSupportedError, only
from tests.conformance.adapters.packages import installed
from tests.conformance.case import Case

NEWS2 = (
    "respiratory_rate", "spo2", "oxygen_flow", "systolic_bp", "heart_rate", "consciousness",
    "temperature",
)  # fmt: skip


class Vitalscore:
    """Takes every input as a required argument."""

    name = "vitalscore"
    package = "vitalscore"

    def version(self) -> str | None:
        """The version that is installed, if any."""
        return installed(self.package)

    def answer(self, case: Case) -> Answer:
        """Score one case of NEWS2 or of Singer's qSOFA."""
        given = case.given
        if case.score == "news2":
            only(case, *NEWS2, *(["spo2_scale"] if "spo2_scale" in given else []))
            found = news2.score_news2(
                respiratory_rate=given["respiratory_rate"],
                spo2=given["spo2"],
                on_oxygen=given["oxygen_flow"] > 0,
                systolic_bp=given["systolic_bp"],
                heart_rate=given["heart_rate"],
                consciousness=given["consciousness"],
                temperature=given["temperature"],
                use_spo2_scale2=given.get("spo2_scale") == 2,
            )
            return Answer(found.total)
        if (case.score, case.variant) == ("qsofa", "gcs_below_15"):
            only(case, "gcs_total", "respiratory_rate", "systolic_bp")
            scored = qsofa.score_qsofa(
                gcs=given["gcs_total"],
                respiratory_rate=given["respiratory_rate"],
                systolic_bp=given["systolic_bp"],
            )
            return Answer(scored.total)
        reason = "no such score"
        raise NotSupportedError(reason)
