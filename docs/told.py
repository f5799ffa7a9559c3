"""What pages of scores and rules tell alike: tables, a module's own words, a manifest.

Here: Markdown of these. Not here: any page (score_pages.py, rule_pages.py), or what was measured
(measured.py).
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from types import ModuleType
from typing import Any

from clinical.concepts import CONCEPTS
from clinical.detection.manifest import DAY, SOURCE_ATTRIBUTES, Manifest

NOT_A_DEVICE = "Not a medical device; not for clinical use without local assessment."
MADE = f"""Made from `clinical` by `python -m docs.scores`: change that, not this page.
{NOT_A_DEVICE}
[All scores and rules](../scores.md)."""


def plain(text: str) -> str:
    """Text that Markdown leaves alone."""
    return text.replace("*", "\\*").replace("<", "&lt;")


def words_of(module: ModuleType) -> Iterator[str]:
    """A module's docstring: each of its paragraphs as one line."""
    for block in (module.__doc__ or "").strip().split("\n\n"):
        yield plain(" ".join(block.split()))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def unit_of(name: str) -> str:
    """The unit of an input, where it has one worth naming."""
    concept = CONCEPTS.get(name)
    return concept.unit if concept and concept.unit not in {"", "1"} else ""


def opening(name: str, manifest: Manifest) -> Iterator[str]:
    """The head of a page: what it is for, on what evidence, whose."""
    yield f"# {manifest.title}"
    yield MADE
    yield table(
        ("", ""),
        (
            ("Name", f"`{name}`"),
            ("Version", manifest.version),
            ("For", plain(manifest.population)),
            ("Intended use", plain(manifest.intended_use)),
            ("Evidence", plain(manifest.evidence)),
            ("Limits", plain(manifest.limits)),
            *_episode(manifest),
            ("Owner", f"{manifest.owner} (to be named by the hospital)"),
        ),
    )


def _episode(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """How long an episode lasts, where it is not a day."""
    if manifest.episode != DAY:
        told = f"Open for {manifest.episode.hours:g} h without it: {manifest.episode.reason}"
        yield ("Episode", plain(told))


def attributes(manifest: Manifest) -> Iterator[str]:
    """The 13 source attributes."""
    yield "## Source attributes"
    yield "As 45 CFR 170.315(b)(11)(iv)(A) asks of evidence-based decision support."
    told = manifest.source_attributes
    yield table(
        ("Attribute", ""), ((said, plain(told[name])) for name, said in SOURCE_ATTRIBUTES.items())
    )


def vectors(room: str, manifest: Manifest) -> Iterator[str]:
    """The test vectors: what is told hour by hour, and what must follow."""
    yield "## Test vectors"
    yield "Each is told to the same shard that the stream runs, and compared, by the tests."
    text = files("clinical").joinpath(room, "manifests", f"{manifest.family}.toml")
    for one in tomllib.loads(text.read_text(encoding="utf-8"))["test_vectors"]:
        yield f"### {plain(one['name'])}"
        yield table(("Hour", "Told"), ((step["hours"], _told(step)) for step in one["timeline"]))
        expects = [_pairs(expected) for expected in one["expects"]]
        yield "Then: " + ("; ".join(expects) if expects else "no alert") + "."


def _told(step: Mapping[str, Any]) -> str:
    said = (
        f"{kind}: {_content(content)}" if content else kind
        for kind, content in step.items()
        if kind != "hours"
    )
    return "; ".join(said)


def _content(content: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    rows = [content] if isinstance(content, Mapping) else content
    return " and ".join(_pairs(row) for row in rows)


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {plain(str(value))}" for name, value in values.items())
