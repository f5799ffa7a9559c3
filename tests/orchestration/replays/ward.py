"""A small ward for tests of the replays: messages as a monitor, a laboratory and a clerk send them.

Here: HL7 v2 messages of the mimic3 feed, each sent when the test says, and a lake of them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from streaming.replay import Options, replay

DAWN = datetime(2026, 1, 5, tzinfo=UTC)
ITEMS = {
    "heart_rate": ("220045^HR^MIMIC_CHART", "bpm"),
    "respiratory_rate": ("220210^RR^MIMIC_CHART", "insp/min"),
    "spo2": ("220277^SpO2^MIMIC_CHART", "%"),
    "systolic_bp": ("220179^SBP^MIMIC_CHART", "mmHg"),
    "potassium": ("50971^Potassium^MIMIC_LAB", "mmol/L"),
    "platelets": ("51265^Platelet Count^MIMIC_LAB", "K/uL"),
}
WELL = {"heart_rate": 80, "respiratory_rate": 16, "spo2": 98, "systolic_bp": 120}
ILL = {"heart_rate": 135, "respiratory_rate": 28, "spo2": 88, "systolic_bp": 85}


def at(clock: str) -> datetime:
    """An instant of the first day: at("10:30")."""
    hour, minute = clock.split(":")
    return DAWN + timedelta(hours=int(hour), minutes=int(minute))


class Ward:
    """Messages in the order in which they are told."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    def _header(self, sent: datetime, kind: str, control: str | None) -> str:
        named = control or f"M{len(self.messages)}"
        return f"MSH|^~\\&|MIMIC3|BIDMC|||{_text(sent)}||{kind}|{named}|P|2.5.1||||||UNICODE UTF-8"

    def charted(
        self,
        patient: str,
        values: dict[str, float],
        true: str,
        sent: str | None = None,
        *,
        status: str = "F",
        written: str | None = None,
    ) -> None:
        """Values that were true at one time, written at another and sent at a third."""
        when, told = at(true), at(sent or true)
        noted = at(written or sent or true)
        order = f"{patient}-{true.replace(':', '')}"
        segments = [
            self._header(told, "ORU^R01^ORU_R01", None),
            f"PID|1||{patient}^^^BIDMC^MR||||19500101|F",
            f"PV1|1|I|MICU|||||||||||||||V{patient}",
            f"OBR|1||{order}|CHART^Charted^L|||{_text(when)}|||||||||||||||{_text(noted)}|||F",
        ]
        for number, (name, value) in enumerate(values.items(), 1):
            code, unit = ITEMS[name]
            segments.append(f"OBX|{number}|NM|{code}||{value}|{unit}|||||{status}|||{_text(when)}")
        self._add(segments)

    def merged(self, retired: str, surviving: str, sent: str) -> None:
        """From now on the two identifiers are one patient."""
        self._add(
            [
                self._header(at(sent), "ADT^A40^ADT_A39", None),
                f"EVN|A40|{_text(at(sent))}",
                f"PID|1||{surviving}^^^BIDMC^MR||||19500101|F",
                f"MRG|{retired}^^^BIDMC^MR",
            ]
        )

    def _add(self, segments: Sequence[str]) -> None:
        self.messages.append("".join(f"{segment}\r" for segment in segments).encode())

    def lake(self, place: Path) -> Lake:
        """A lake into which everything was replayed."""
        file = place / "ward.hl7"
        file.write_bytes(b"".join(self.messages))
        lake = Lake.open(place / "lake", create=True)
        replay(lake, load_profile("mimic3"), [file], Options())
        return lake


def _text(moment: datetime) -> str:
    # The feed's zone is named in its profile; an offset of its own settles every time.
    return moment.strftime("%Y%m%d%H%M%S+0000")
