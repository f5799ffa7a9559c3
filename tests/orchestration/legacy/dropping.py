"""Drop folders as nightly jobs leave them, right and wrong ones.

Here: factories for files, manifests and markers, and what was landed. Not here: what is expected.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest

from lakehouse.catalogue import quoted_text
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.legacy.extracts import EXTRACTS, columns_of
from orchestration.legacy.landing import Landed, land

NIGHT = date(2026, 1, 6)
BEFORE = date(2026, 1, 5)
CENSUS = columns_of(EXTRACTS["census"])
DELTA = files("duckdb_extension_delta") / f"extensions/v{duckdb.__version__}/delta.duckdb_extension"
ROW = ("2026-01-06 00:00:00", "SYN-1", "SYN-E1", "ICU")
ROW_BEFORE = ("2026-01-05 00:00:00", *ROW[1:])


def as_csv(rows: Iterable[Sequence[str]], header: Sequence[str] = CENSUS, end: str = "\n") -> bytes:
    """CSV as RFC 4180 has it: quotes around what holds a quote, a comma or either line end."""
    lines = [",".join(map(_field, row)) for row in (header, *rows)]
    return "".join(line + end for line in lines).encode()


def _field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set('",\r\n') else text


def announce(folder: Path, night: date = NIGHT, *, said=None, changed=None) -> None:
    """Write the manifest of what lies in a folder; `said` changes what it says of each."""
    told = {
        file.name: {
            "rows": max(file.read_bytes().count(b"\n") - 1, 0),
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        }
        for file in folder.glob("*.csv")
    }
    for name, facts in (said or {}).items():
        told[name] = told.get(name, {}) | facts
    content = {"night": night.isoformat(), "zone": "Europe/London", "files": told} | (changed or {})
    (folder / "manifest.json").write_text(json.dumps(content))


class Drop:
    """A drop folder and the lake beside it."""

    def __init__(self, root: Path, **settings: object) -> None:
        self.settings = Settings(lake=root / "lake", extracts=root / "drop", **settings)
        self.root = self.settings.extracts
        self.root.mkdir()
        self.lake = Lake.open(self.settings.lake, create=True)

    def folder(self, night: date = NIGHT) -> Path:
        place = self.root / night.isoformat()
        place.mkdir(exist_ok=True)
        return place

    def put(self, content: bytes, night: date = NIGHT, extract: str = "census", **manifest) -> Path:
        """One file of a night, and the night's manifest."""
        place = self.folder(night)
        (place / f"{extract}.csv").write_bytes(content)
        announce(place, night, **manifest)
        return place / f"{extract}.csv"

    def land(self, night: date = NIGHT, extract: str = "census") -> Landed:
        return land(self.lake, self.settings, extract, night)

    def landed(self, extract: str = "census", columns: str = "*") -> list[tuple]:
        return landed(self.lake, extract, columns)

    def refused(self, error: type, words: str, extract: str = "census") -> BaseException:
        """Refusing this night with an error leaves the night before, and this one, as they were."""
        if not self.lake.has(EXTRACTS[extract]):
            self._land_before()
        before = self.landed(extract)
        with pytest.raises(error, match=words) as caught:
            self.land(extract=extract)
        assert type(caught.value) is error
        assert "\n" not in str(caught.value)
        assert self.landed(extract) == before
        return caught.value

    def _land_before(self) -> None:
        self.put(as_csv([ROW_BEFORE]), BEFORE)
        self.land(BEFORE)


def landed(lake: Lake, extract: str, columns: str = "*") -> list[tuple]:
    table = EXTRACTS[extract]
    if not lake.has(table):
        return []
    with duckdb.connect() as engine:
        engine.execute(f"load {quoted_text(str(DELTA))}")
        return engine.execute(
            f"select {columns} from delta_scan({quoted_text(str(lake.path(table)))})"  # noqa: S608
            " order by night, line"
        ).fetchall()
