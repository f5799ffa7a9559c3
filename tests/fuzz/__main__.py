"""`python -m tests.fuzz [COUNT] [--seed N]`: mutate public messages, and see that nothing breaks.

Half of them are HL7 v2, half FHIR. The same seed gives the same messages, so that one that failed
is found again by its number. Exits with 1 when a message breaks a law of judging.py.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from clinical.wire.profile import Format
from pulsehouse import terminal
from pulsehouse.bars import bar
from tests.fuzz.corpora import fhir_messages, hl7_messages
from tests.fuzz.judging import Outcome, judge
from tests.fuzz.mutations import mutated

BATCH = 400
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
# Failures that are named; what comes after is counted.
SHOWN = 20


def main() -> int:
    """Mutate, judge, and say what came of it."""
    chosen = _arguments()
    shared = Path(os.environ.get("PULSEHOUSE_SHARED_DATA", SHARED))
    if not shared.is_dir():
        sys.stderr.write("no public data sets: set PULSEHOUSE_SHARED_DATA to their folder\n")
        return 2
    failed = False
    feeds: dict[Format, Sequence[bytes]] = {
        "hl7v2": hl7_messages(shared),
        "fhir": fhir_messages(shared),
    }
    for kind, messages in feeds.items():
        outcome = fuzzed(kind, messages, chosen.count // len(feeds), chosen.seed)
        _show(kind, len(messages), outcome)
        failed |= bool(outcome.failed)
    return int(failed)


def fuzzed(kind: Format, messages: Sequence[bytes], count: int, seed: int) -> Outcome:
    """The outcome of so many mutations of these messages."""
    outcome = Outcome()
    with bar(terminal.err()) as progress:
        task = progress.add_task(f"mutating {kind}", total=count, words="")
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            judge([mutated(n, seed, messages) for n in numbers], first, kind, outcome)
            words = f"{len(outcome.failed):,} failed"
            progress.update(task, advance=len(numbers), words=words)
    return outcome


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("count", nargs="?", type=int, default=1_000_000, help="how many mutations")
    parser.add_argument("--seed", type=int, default=1, help="another one gives other mutations")
    return parser.parse_args()


def _show(kind: str, originals: int, outcome: Outcome) -> None:
    total = sum(outcome.counts.values()) + len(outcome.failed)
    lines = [f"{kind}: {total:,} mutations of {originals:,} messages, {len(outcome.failed)} failed"]
    lines += [f"  {count:>9,}  {what}" for what, count in outcome.counts.most_common()]
    lines += [f"  rows of {name}: {count:,}" for name, count in outcome.rows.most_common()]
    failed = list(outcome.failed.items())
    lines += [f"  FAILED: mutation {number}: {why}" for number, why in failed[:SHOWN]]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
