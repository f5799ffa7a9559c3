"""PhysioNet/CinC Challenge 2019 files as facts to backtest, with their labels.

Here: .psv files through the renderer, the feed's decoder and the normaliser, as the dataflow does,
into chunks; and the labels. No lake is made. Not here: what a stay looks like
(render/physionet2019.py), or the backtest.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from clinical import wire
from clinical.detection.demographics import Demographics
from clinical.normalise import normalise
from clinical.wire.profile import FeedProfile
from lakehouse.feeds import load_profile
from lakehouse.tables import PATIENT_DEMOGRAPHICS
from orchestration.evaluation.backtesting import Facts
from orchestration.evaluation.chunks import ROWS, TABLES, Period, columns_of, store
from orchestration.evaluation.gathering import Labels
from pulsehouse.failure import USAGE, CommandError
from pulsehouse.render import physionet2019
from pulsehouse.render.outcome import Rendered, RenderError
from streaming.batches import Messages, with_provenance
from streaming.files import Reading, pieces

FEED = "physionet2019"
# As many messages at once as a replay takes.
BATCH = 8_000
Tick = Callable[[int, int], None]
_WANTED = {table.name: columns_of(table) for table in TABLES}


def facts(source: Path, place: Path, tick: Tick) -> Facts:
    """Stays as facts in chunks, with labels where the files have them.

    Args:
        source: A directory of .psv files, or a .tar.gz of them.
        place: Where the chunks go.
        tick: Told the hours that are rendered.

    Raises:
        RenderError: There is no stay, or a file has other columns.
    """
    feed = place.with_suffix(".hl7")
    place.mkdir(parents=True)
    rendered = physionet2019.render(source, feed, progress=tick)
    _chunks(feed, place, rendered)
    feed.unlink()
    if rendered.first_at is None or rendered.last_at is None:
        msg = f"{str(source)!r} has stays without any hour"
        raise CommandError(msg)
    zone = ZoneInfo(load_profile(FEED).zone)
    since, last = (one.replace(tzinfo=zone) for one in (rendered.first_at, rendered.last_at))
    return Facts(place, Period(since, last + timedelta(seconds=1)), labels(source))


def _chunks(feed: Path, place: Path, rendered: Rendered) -> None:
    """The feed's facts, stays spread over chunks by their numbers."""
    profile = load_profile(FEED)
    many = max(round(rendered.observations / ROWS), 1)
    parts: list[dict[str, list[pa.Table]]] = [{} for _ in range(many)]
    for tables in _batches(feed, profile):
        for name, rows in tables.items():
            chunk = rows["patient_id"].cast(pa.int64()).to_numpy() % many
            for number, part in enumerate(parts):
                part.setdefault(name, []).append(rows.filter(pa.array(chunk == number)))
    for number, part in enumerate(parts):
        joined = {name: pa.concat_tables(rows) for name, rows in part.items()}
        store(place / f"chunk-{number:05d}", joined)


def _batches(feed: Path, profile: FeedProfile) -> Iterator[Mapping[str, pa.Table]]:
    """Facts in the product's own terms, batch by batch, in the order of the feed."""
    known, offset = Demographics(), 0
    for frames in pieces(feed, profile.format, Reading(feed.stat().st_size)):
        for at in range(0, len(frames.messages), BATCH):
            raw = frames.messages.slice(at, BATCH)
            messages = Messages(FEED, 0, offset, wire.sent_at(raw, profile), raw)
            told = normalise(wire.decode(raw, profile), messages.received_at, profile)
            tables = {name: with_provenance(messages, rows) for name, rows in told.items()}
            changed = known.changed(tables.pop(PATIENT_DEMOGRAPHICS.name, None))
            if changed is not None:
                tables[PATIENT_DEMOGRAPHICS.name] = changed
            yield {
                name: _narrowed(name, rows)
                for name, rows in tables.items()
                if name in _WANTED and rows.num_rows
            }
            offset += len(raw)


def _narrowed(name: str, rows: pa.Table) -> pa.Table:
    # Numbered by message over all batches, and of observations no more than is folded.
    if name == "observations":
        rows = rows.filter(rows["concept"].is_valid())
    return rows.select(_WANTED[name]).append_column("told", rows["offset"])


def labels(source: Path) -> Labels:
    """Hours and labels of each stay; none where the files have no labels.

    Raises:
        CommandError: A row is not of the challenge.
    """
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name, lines in physionet2019.stays(source):
        number = PurePosixPath(name).stem.removeprefix("p")
        columns = lines.readline().decode("utf-8", "replace").strip().split("|")
        if number.isdecimal() and {"ICULOS", "SepsisLabel"} <= set(columns):
            rows = [line.decode("utf-8", "replace").split("|") for line in lines if line.strip()]
            hour, label = columns.index("ICULOS"), columns.index("SepsisLabel")
            found.setdefault(str(int(number)), _labelled(name, rows, hour, label))
    if not found:
        msg = f"{str(source)!r} has no stay with the columns ICULOS and SepsisLabel"
        raise CommandError(msg, USAGE)
    return Labels(found)


def _labelled(
    name: str, rows: list[list[str]], hour: int, label: int
) -> tuple[np.ndarray, np.ndarray]:
    try:
        hours = np.array([int(float(row[hour])) for row in rows], np.int64)
        return hours, np.array([float(row[label]) == 1 for row in rows], np.bool_)
    except (ValueError, IndexError):
        msg = f"`{name}` has an hour without ICULOS or SepsisLabel"
        raise RenderError(msg) from None
