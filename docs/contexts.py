"""The page docs/contexts.md, made from the table of contexts and the manifests.

Here: `page()`, and `python -m docs.contexts > docs/contexts.md`. A test holds the file equal to it.
Not here: any window or effect.
"""

import sys
from collections.abc import Iterable, Iterator

from clinical.concepts import CONCEPTS
from clinical.context.contexts import CONTEXTS
from clinical.context.definition import AgeContext, AnyContext, Context, Evidence
from clinical.detection.manifest import MANIFESTS, Effect
from clinical.scores.bands import INF
from clinical.scoring.validity import MICROSECONDS_PER_HOUR, UNLIMITED

OPENING = """# Contexts

Made from `clinical/context` and the manifests of the detections by
`python -m docs.contexts`: change those, not this page.

A context is what is true of a patient beside the scores. It holds while the newest word about it
speaks for it and still counts; `since` is the first of an unbroken row of such words. What counts
is what was known at the moment: a word that comes late changes no alert that was given, one that is
withdrawn never was. Not a medical device; not for clinical use without local assessment.

What a context does to the alerts of a family stands in the family's manifest, with a reason:

- **suppress**: the alert is stored with status `suppressed` and tells nobody. Its episodes are
  apart, so that the alert comes through when the context ends.
- **lower**: its severity is one step lower (or as many as declared); the declared one is kept.
- **reroute**: it is meant for the role that is named, not for the unit.
- **mark**: it says that the context holds, and nothing else changes."""


def page() -> str:
    """The whole page."""
    return "\n\n".join([OPENING, *(_section(one) for one in CONTEXTS.values())]) + "\n"


def _section(context: AnyContext) -> str:
    said = "A clinician's own word" if context.certainty == "stated" else "Inferred"
    parts = [
        f"## `{context.name}`",
        f"{context.meaning}. {said}. Source: {context.source}.",
        *_words(context),
        *_effects(context.name),
    ]
    return "\n\n".join(parts)


def _words(context: AnyContext) -> Iterator[str]:
    if isinstance(context, AgeContext):
        yield f"Holds from birth to {context.below_age} completed years, by the newest birth date."
        return
    lines = [f"- {_speaks(one)}" for one in context.evidence]
    yield "\n".join([f"One word counts {_window(context)}.", "", *lines])


def _window(context: Context) -> str:
    if context.window >= UNLIMITED:
        return "for good"
    return f"for {context.window / MICROSECONDS_PER_HOUR:g} h"


def _speaks(evidence: Evidence) -> str:
    concept = CONCEPTS[evidence.concept]
    if evidence.ends:
        return f"`{concept.name}` ends it"
    if concept.kind == "event":
        return f"`{concept.name}` speaks for it"
    others = "say nothing" if evidence.silent else "end it"
    return f"`{concept.name}` of {_values(evidence)} speaks for it; other values {others}"


def _values(evidence: Evidence) -> str:
    concept = CONCEPTS[evidence.concept]
    unit = "" if concept.unit in {"", "1", "{score}"} else f" {concept.unit}"
    if concept.answers:
        low, high = evidence.low, evidence.high
        speaking = evidence.values or {x for x in concept.answers.values() if low <= x <= high}
        return ", ".join(code for code, value in concept.answers.items() if value in speaking)
    if evidence.low == -INF:
        return f"{evidence.high:g}{unit} or less"
    return f"{evidence.low:g}{unit} or more"


def _effects(name: str) -> Iterator[str]:
    rows = [
        (f"`{family}`", _effect(effect), effect.reason)
        for family, manifest in MANIFESTS.items()
        if (effect := manifest.context.get(name))
    ]
    if rows:
        yield _table(("Detection", "Effect", "Reason"), rows)


def _effect(effect: Effect) -> str:
    by = f" by {effect.steps}" if effect.effect == "lower" else ""
    to = f" to `{effect.route}`" if effect.route else ""
    rules = f" ({', '.join(f'`{rule}`' for rule in effect.rules)})" if effect.rules else ""
    return f"{effect.effect}{by}{to}{rules}"


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(page())
