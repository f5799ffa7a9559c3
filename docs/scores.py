"""The pages of scores and rules: docs/scores.md, docs/scores/*.md and docs/rules/*.md.

Here: `page()`, the index, `pages()`, all of them by their path below docs, and
`python -m docs.scores`, which writes them. A test holds the files equal. Not here: any threshold.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from clinical.concepts import CONCEPTS
from clinical.detection import critical
from clinical.detection.manifest import MANIFESTS, score_manifests
from clinical.detection.rules import FAMILIES
from clinical.scores import BY_VARIANT, SCORES
from clinical.scoring.inputs import DERIVED
from docs import rule_pages, score_pages
from docs.told import NOT_A_DEVICE, plain, table, unit_of

DOCS = Path(__file__).parent
OPENING = f"""# Scores and rules

Made from `clinical/scores`, `clinical/detection`, `clinical/concepts.csv` and
`clinical/loinc.csv` by `python -m docs.scores`: change those, not this page, nor those it leads to.

{NOT_A_DEVICE}
Which value counts, and what becomes of missing ones, is told in [the law](architecture.md#the-law);
what is true of a patient beside the scores, in [contexts](contexts.md).
How other people's cases and data agree: [conformance](conformance.md), [other
hospitals](other_hospitals.md).
Values are rounded to their concept's precision before they are looked up in bands."""


def pages() -> Mapping[str, str]:
    """Every page by its path below docs."""
    told = score_manifests()
    found = {f"scores/{name}.md": score_pages.page(name, told[name]) for name in told}
    found |= {f"rules/{family.name}.md": rule_pages.page(family) for family in FAMILIES}
    return {"scores.md": page(), **found}


def page() -> str:
    """The index, with the inputs."""
    return "\n\n".join([OPENING, *_scores(), *_rules(), *_inputs()]) + "\n"


def _scores() -> Iterator[str]:
    told = score_manifests()
    yield "## Scores"
    yield table(
        ("Score", "Variant", "", "In the stream"),
        (
            (
                f"[`{score.name}`](scores/{score.name}.md)",
                f"`{score.variant}`",
                told[score.name].title,
                "yes" if score in SCORES else "for comparing",
            )
            for score in sorted(BY_VARIANT.values(), key=lambda one: list(told).index(one.name))
        ),
    )


def _rules() -> Iterator[str]:
    yield "## Rules"
    rows = [
        (f"[`{family.name}`](rules/{family.name}.md)", f"`{band.rule}`", band.severity, band.title)
        for family in FAMILIES
        for band in family.bands.values()
    ]
    yield table(("Family", "Rule", "Severity", "Title"), rows)
    owners = ((f"`{name}`", one.version, one.owner) for name, one in MANIFESTS.items())
    yield table(("Family", "Version", "Owner"), owners)


def _inputs() -> Iterator[str]:
    """The concepts that scores and rules look at."""
    named = [name for score in SCORES for name in score.depends_on]
    named += ["code_status", "birth_date", "pregnancy", "culture", "antibiotic", *critical.LIMITS]
    concepts = dict.fromkeys(one for name in named for one in DERIVED.get(name, (name,)))
    yield "## Inputs"
    yield (
        "A value outside its plausible range is stored and never scored. A value counts for its\n"
        "look-back by the patient's clock, and is called stale for as long again."
    )
    yield table(
        ("Concept", "Meaning", "Unit", "Precision", "Plausible", "Look-back", "LOINC"),
        (_concept(name) for name in concepts),
    )


def _concept(name: str) -> Sequence[str]:
    one = CONCEPTS[name]
    low, high = one.plausible_low, one.plausible_high
    span = "" if low is None or high is None else f"{low:g} to {high:g}"
    hours = "for good" if one.lookback_hours is None else f"{one.lookback_hours:g} h"
    precision = f"{one.precision:g}" if one.kind == "numeric" else ""
    return (
        f"`{name}`",
        one.description,
        plain(unit_of(name)),
        precision,
        span,
        hours,
        _codes(one.loinc),
    )


def _codes(loinc: Sequence[str]) -> str:
    others = len(loinc) - 1
    return " ".join(loinc[:1]) + (f" and {others} more" if others > 0 else "")


def write() -> None:
    """Write every page, and take away those of what is gone."""
    told = pages()
    for room in ("scores", "rules"):
        (DOCS / room).mkdir(exist_ok=True)
        for path in DOCS.glob(f"{room}/*.md"):
            if f"{room}/{path.name}" not in told:
                path.unlink()
    for name, text in told.items():
        (DOCS / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(told)} pages\n")


if __name__ == "__main__":
    write()
