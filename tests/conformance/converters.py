"""`python -m tests.conformance.converters MESSAGES EXPECTED`: our facts against a FHIR converter's.

MESSAGES holds files of HL7 v2, EXPECTED the bundles that a converter made of them, by the same name
with `-expected.json` or `.json` for its ending, in any folder below. Every field that a converter
gives and we do not, or otherwise, is counted by the class that explains it; one that no class
explains is printed, and exits with 1.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from clinical.wire.hl7 import Splitter
from tests.conformance.converter_classes import Sent, explained
from tests.conformance.converter_expected import claims
from tests.conformance.converter_facts import facts, refused
from tests.conformance.converter_verdicts import Difference, differences

ENDINGS = ("-expected.json", ".json")


@dataclass(slots=True)
class Compared:
    """What came of it: fields that agree, differences by class, and those without one."""

    bundles: int = 0
    fields: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    unexplained: list[tuple[str, Difference]] = field(default_factory=list)


def compared(messages: Path, expected: Path) -> Compared:
    """Every message of a folder that has an expected bundle."""
    found = Compared()
    for message, bundle in pairs(messages, expected):
        _compare(message, bundle, found)
    return found


def pairs(messages: Path, expected: Path) -> Iterator[tuple[Path, Path]]:
    """A file of messages and the bundle that was made of it."""
    named = {path.stem: path for path in messages.rglob("*") if path.is_file()}
    for bundle in sorted(expected.rglob("*.json")):
        ending = next(one for one in ENDINGS if bundle.name.endswith(one))
        if message := named.get(bundle.name.removesuffix(ending)):
            yield message, bundle


def _compare(message: Path, bundle: Path, found: Compared) -> None:
    content = message.read_bytes()
    splitter = Splitter()
    raw = splitter.feed(content).messages.to_pylist() + splitter.close().messages.to_pylist()
    reasons = refused(raw)
    found.refused.update(reasons)
    if len(reasons) == len(raw):
        return
    said = claims(json.loads(bundle.read_text(encoding="utf-8-sig")))
    ours = facts(raw)
    lines = [line for line in re.split(r"[\r\n]+", content.decode("utf-8-sig", "replace")) if line]
    sent = Sent(lines, ours)
    found.bundles += 1
    found.fields += sum(max(1, len(claim.said)) for claim in said)
    for one in differences(said, ours):
        name = explained(one, sent)
        if name is None:
            found.unexplained.append((message.name, one))
        else:
            found.classes[name] += 1


def main() -> int:
    """Compare, print, and say by the exit code whether all is explained."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.converters")
    parser.add_argument("messages", type=Path, help="a folder of HL7 v2 messages")
    parser.add_argument("expected", type=Path, help="a folder of the bundles made of them")
    chosen = parser.parse_args()
    found = compared(chosen.messages, chosen.expected)
    lines = [f"{found.bundles} bundles, {found.fields:,} fields"]
    lines += [f"  {count:>5,}  {name}" for name, count in found.classes.most_common()]
    lines += [f"  {count:>5,}  messages not parsed: {why}" for why, count in found.refused.items()]
    lines += [f"  {len(found.unexplained):>5,}  unexplained"]
    lines += [
        f"    {name}: {one.claim.kind} {sorted(one.claim.keys)[:3]} {one.field}: "
        f"theirs {one.theirs!r}, ours {one.ours!r}"
        for name, one in found.unexplained
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(found.unexplained) or not found.bundles)


if __name__ == "__main__":
    sys.exit(main())
