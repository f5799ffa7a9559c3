"""Worlds with defects: a hospital whose feed or extracts were changed on the way.

Here: a feed as messages that can be changed, moved, doubled or dropped, extracts that can be
rewritten under a true manifest, and the lake and the comparison that follow. Not here: which defect
gives which class (test_*.py).
"""

import csv
import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from clinical.wire.profile import FeedProfile
from lakehouse.batch.reconciliation import DIFFERENCES
from lakehouse.batch_reading import read_batch
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from orchestration.legacy.landing import land
from orchestration.reconciliation.comparing import compare
from orchestration.reconciliation.evidence import Night
from streaming.replay import replay
from tests.orchestration.hospital import Hospital, hospital_at

CLOCK = "%Y%m%d%H%M%S"


@dataclass(slots=True)
class Message:
    """One HL7 v2 message as its segments, each a list of fields."""

    segments: list[list[str]]

    @classmethod
    def parse(cls, text: str) -> "Message":
        return cls([line.split("|") for line in text.split("\r") if line])

    def text(self) -> str:
        return "".join("|".join(fields) + "\r" for fields in self.segments)

    def copy(self) -> "Message":
        return Message([list(fields) for fields in self.segments])

    def all(self, name: str) -> list[list[str]]:
        return [fields for fields in self.segments if fields[0] == name]

    def one(self, name: str) -> list[str]:
        return self.all(name)[0]

    @property
    def kind(self) -> str:
        return self.one("MSH")[8][:7]

    @property
    def at(self) -> datetime:
        return datetime.strptime(self.one("MSH")[6], CLOCK).replace(tzinfo=UTC)

    @at.setter
    def at(self, moment: datetime) -> None:
        self.one("MSH")[6] = moment.strftime(CLOCK)

    @property
    def control_id(self) -> str:
        return self.one("MSH")[9]

    @control_id.setter
    def control_id(self, name: str) -> None:
        self.one("MSH")[9] = name

    @property
    def patient(self) -> str:
        return self.one("PID")[3].split("^")[0]

    @patient.setter
    def patient(self, name: str) -> None:
        pid = self.one("PID")
        pid[3] = "^".join([name, *pid[3].split("^")[1:]])

    @property
    def charted_at(self) -> datetime:
        return datetime.strptime(self.one("OBR")[7], CLOCK).replace(tzinfo=UTC)

    def result(self, item: str) -> list[str]:
        return next(obx for obx in self.all("OBX") if obx[3].split("^")[0] == item)

    @property
    def items(self) -> list[str]:
        return [obx[3].split("^")[0] for obx in self.all("OBX")]


Row = dict[str, str]
Rewrite = Callable[[list[Row]], list[Row]]


@dataclass(slots=True)
class World:
    """A hospital in the making: its messages, and what is to become of its extracts."""

    source: Hospital
    messages: list[Message]
    rewrites: dict[tuple[date, str], list[Rewrite]] = field(default_factory=dict)
    profile: FeedProfile = field(default_factory=lambda: load_profile("mimic3"))

    @classmethod
    def of(cls, source: Hospital) -> "World":
        content = gzip.decompress(source.feed.read_bytes()).decode()
        texts = content.split("\rMSH|")[1:]
        texts[-1] = texts[-1].split("\rBTS|")[0]
        return cls(source, [Message.parse("MSH|" + text) for text in texts])

    def charts(self, night: date, item: str) -> list[Message]:
        """Charted values of a night that hold a number of an item, in order."""
        return self._results(night, "CHART", item)

    def results(self, night: date, item: str) -> list[Message]:
        """Laboratory messages of a night that hold a number of an item, in order."""
        return self._results(night, "LAB", item)

    def _results(self, night: date, panel: str, item: str) -> list[Message]:
        closes = datetime(night.year, night.month, night.day, 2, tzinfo=UTC)
        return [
            message
            for message in self.messages
            if message.kind == "ORU^R01"
            and message.control_id.startswith(panel)
            and closes - timedelta(days=1) < message.at <= closes
            and item in message.items
            and message.result(item)[2] == "NM"
        ]

    def send(self, message: Message) -> None:
        """Add a message at the place of its time."""
        self.messages.append(message)

    def drop(self, message: Message) -> None:
        self.messages.remove(message)

    def rewrite(self, night: date, extract: str, change: Rewrite) -> None:
        """Change a night's extract when the world is built."""
        self.rewrites.setdefault((night, extract), []).append(change)

    def built(self, root: Path) -> "Built":
        """Replay the feed, and lay the extracts down."""
        root.mkdir(parents=True)
        hospital = hospital_at(root, self.source.settings)
        self.messages.sort(key=lambda message: message.at)
        text = "".join(message.text() for message in self.messages)
        hospital.feed.write_bytes(gzip.compress(text.encode(), 1))
        hospital.extracts.symlink_to(self.source.extracts)
        if self.rewrites:
            self._lay_down(hospital)
        lake = Lake.open(hospital.settings.lake, create=True)
        replay(lake, self.profile, [hospital.feed])
        return Built(hospital)

    def _lay_down(self, hospital: Hospital) -> None:
        hospital.extracts.unlink()
        hospital.extracts.mkdir()
        for folder in self.source.extracts.iterdir():
            (hospital.extracts / folder.name).mkdir()
            for file in folder.iterdir():
                (hospital.extracts / folder.name / file.name).write_bytes(file.read_bytes())
        for (night, extract), changes in self.rewrites.items():
            rewrite_extract(hospital.extracts / night.isoformat(), extract, changes)


@dataclass(frozen=True, slots=True)
class Built:
    """A world as it turned out."""

    hospital: Hospital

    @property
    def lake(self) -> Lake:
        return Lake.open(self.hospital.settings.lake, create=True)

    def land(self, job: str, *nights: date) -> None:
        for night in nights:
            land(self.lake, self.hospital.settings, job, night)

    def compared(self, job: str, night: date, **options: object) -> Night:
        return compare(self.lake, self.hospital.settings, job, night, **options)

    def differences(self, job: str, night: date) -> list[dict[str, object]]:
        rows = read_batch(self.lake, DIFFERENCES[job]).to_pylist()
        found = [row for row in rows if row["night"] == night]
        return [row | {"key": json.loads(row["business_key"])} for row in found]


def rewrite_extract(folder: Path, extract: str, changes: list[Rewrite]) -> None:
    """Change the rows of an extract; the manifest tells of the new ones."""
    file = folder / f"{extract}.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        columns, rows = list(reader.fieldnames or ()), list(reader)
    for change in changes:
        rows = change(rows)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    manifest = json.loads((folder / "manifest.json").read_text())
    entry = manifest["files"][file.name]
    entry["rows"], entry["sha256"] = len(rows), hashlib.sha256(file.read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
