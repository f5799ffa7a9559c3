"""The process that folds chunks of facts by one version of the rules.

Here: `python fold.py FACTS OUT ZONE HOUR NUMBER OF`: every OF-th chunk from NUMBER on goes through
a shard of its own; what it found lies in OUT as Arrow files, and a line of JSON tells of each
chunk. Not here: the chunks (chunks.py), or what is made of them (gathering.py).

It is run by its path, with the package `clinical` of the version that is asked, and so imports
nothing else of ours, and of that only what every version has.
"""

import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from clinical.concepts import CONCEPTS
from clinical.detection import shard as shards
from clinical.detection.batch_clock import BatchClock
from clinical.detection.version import rules_version

# What is kept of score rows: components are not evaluated.
SCORED = ("score", "variant", "patient_id", "received_at", "observed", "has_single_3", "state")
UTC = pa.timestamp("us", tz="UTC")


class Heard:
    """What rules said wherever they were asked."""

    def __init__(self) -> None:
        self.rows: list[pa.Table] = []

    def listening(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """A rule that is also noted down."""

        def asked(moments: Any, scores: Any) -> Any:  # noqa: ANN401 another version's types
            findings = rule(moments, scores)
            for finding in findings:
                self.note(moments, finding)
            return findings

        return asked

    def note(self, moments: Any, finding: Any) -> None:  # noqa: ANN401 as above
        """One family at the moments at which it was asked."""
        at = np.flatnonzero(moments.touched(finding.rests_on) | (finding.band > 0))
        family = pa.array(np.zeros(len(at), np.int8))
        self.rows.append(
            pa.table(
                {
                    "rule_family": pa.DictionaryArray.from_arrays(family, [finding.family]),
                    "patient_id": moments.patient.take(pa.array(at)).dictionary_encode(),
                    "asked_at": pa.array(moments.now[at]).cast(UTC),
                    "band": pa.array(finding.band[at].astype(np.int16)),
                }
            )
        )


def folded(facts: Mapping[str, pa.Table], clock: BatchClock) -> dict[str, pa.Table]:
    """What one version makes of a chunk: alerts, scores, and what was said where rules were asked.

    `asked` is missing where the version's shard takes no rules of ours.
    """
    heard = Heard()
    options: dict[str, Any] = {}
    if "rules" in inspect.signature(shards.Shard).parameters:
        rules = inspect.signature(shards.Shard).parameters["rules"].default
        options["rules"] = [heard.listening(rule) for rule in rules]
    derived = shards.Shard(clock, **options).step(facts)
    found = {
        "alerts": derived.alerts,
        "scores": None if derived.scores is None else derived.scores.select(SCORED),
        "asked": pa.concat_tables(heard.rows).unify_dictionaries() if heard.rows else None,
    }
    return {name: rows for name, rows in found.items() if rows is not None}


def facts_of(chunk: Path) -> dict[str, pa.Table]:
    """The facts of a chunk that this version can fold: it may not know every concept."""
    facts = {path.stem: read(path) for path in sorted(chunk.glob("*.arrow"))}
    if "observations" in facts:
        rows = facts["observations"]
        known = pa.compute.is_in(rows["concept"], pa.array(list(CONCEPTS)))
        facts["observations"] = rows.filter(known)
    return {name: rows for name, rows in facts.items() if rows.num_rows}


def read(path: Path) -> pa.Table:
    """One Arrow file, as it lies on the disk."""
    with pa.memory_map(str(path)) as stored:
        return pa.ipc.open_file(stored).read_all()


def write(path: Path, rows: pa.Table) -> None:
    """Rows as an Arrow file; a file that is there is whole."""
    partial = path.with_suffix(".partial")
    with pa.OSFile(str(partial), "wb") as out, pa.ipc.new_file(out, rows.schema) as writer:
        writer.write_table(rows.unify_dictionaries())
    partial.replace(path)


def each_chunk(facts: Path, out: Path, clock: BatchClock, mine: slice) -> Iterator[dict[str, Any]]:
    """Fold this process's chunks, and tell of each."""
    for chunk in sorted(facts.glob("chunk-*"))[mine]:
        known = facts_of(chunk)
        began = process_time()
        found = folded(known, clock)
        seconds = process_time() - began
        place = out / chunk.name
        place.mkdir(parents=True)
        for name, rows in found.items():
            write(place / f"{name}.arrow", rows)
        observations = known["observations"].num_rows if "observations" in known else 0
        yield {"chunk": chunk.name, "observations": observations, "seconds": seconds}


def main(arguments: list[str]) -> None:
    """Fold, and print a line for the version, then one for each chunk."""
    facts, out, zone, hour, number, of = arguments
    tell({"rules_version": rules_version()})
    clock = BatchClock(ZoneInfo(zone), int(hour))
    for line in each_chunk(Path(facts), Path(out), clock, slice(int(number), None, int(of))):
        tell(line)


def tell(line: Mapping[str, Any]) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
