"""The rule behind an alert, and the contexts that changed what became of it.

Here: what the installed rules and manifests say of it. Not here: the alert's own values.
"""

import sys
from collections.abc import Sequence
from datetime import datetime

from clinical.concepts import CONCEPTS
from clinical.context.contexts import CONTEXTS
from clinical.context.definition import AnyContext, Context
from clinical.detection.critical import LIMITS
from clinical.detection.finding import Family
from clinical.detection.manifest import CRITICAL, Manifest, manifest_of
from clinical.detection.rules import FAMILIES
from clinical.detection.version import rules_version
from clinical.scores import BY_VARIANT
from pulsehouse.contents import Row
from pulsehouse.explained_rows import Rows

_SAID = ("title", "version", "population", "evidence", "citation", "intended_use", "limits")


def rule(alert: Row, scores: Sequence[Row]) -> Row:
    """The rule in words, its thresholds and bands, and where they were published."""
    name = alert["rule_family"]
    manifest, family = _manifest(name), _family(name)
    known = (BY_VARIANT.get((row["score"], row["variant"])) for row in scores)
    return {
        "rule": alert["rule"],
        "family": name,
        "rules_version": alert["rules_version"],
        "is_current": alert["rules_version"] == rules_version(),
        "meaning": _meaning(family),
        **{said: getattr(manifest, said) if manifest else None for said in _SAID},
        "bands": _bands(family),
        "critical_limits": _limits(name),
        "score_sources": list(dict.fromkeys(one.source for one in known if one)),
    }


def _manifest(family: str) -> Manifest | None:
    """The manifest of a family; none where the installed rules no longer have it."""
    try:
        return manifest_of(family)
    except KeyError:
        return None


def _family(name: str) -> Family | None:
    manifest = _manifest(name)
    return next((one for one in FAMILIES if manifest and one.name == manifest.family), None)


def _meaning(family: Family | None) -> str:
    """The docstring of a rule family's module: what it means, its thresholds and sources."""
    if family is None:
        return "The rules that are installed now do not have this family."
    return (sys.modules[family.find.__module__].__doc__ or "").strip()


def _bands(family: Family | None) -> list[Row]:
    bands = family.bands if family else {}
    return [
        {"band": rank, "rule": one.rule, "severity": one.severity, "title": one.title}
        for rank, one in bands.items()
    ]


def _limits(family: str) -> Row | None:
    concept = family.removeprefix(CRITICAL)
    if concept == family or concept not in LIMITS:
        return None
    limits = LIMITS[concept]
    low, high = (
        {-float("inf"): None, float("inf"): None}.get(x, x) for x in (limits.low, limits.high)
    )
    unit = CONCEPTS[concept].unit
    return {
        "concept": concept,
        "low": low,
        "high": high,
        "unit": unit,
        "published": limits.published,
    }


def contexts(applied: Sequence[Row], rows: Rows, raised_at: datetime) -> list[Row]:
    """The contexts of an alert: what each means, how certain it is, and the row behind it.

    One may be charted ahead: told before the alert of a time after it.
    """
    return [_context(one, rows, raised_at) for one in applied]


def _context(one: Row, rows: Rows, raised_at: datetime) -> Row:
    context = CONTEXTS.get(one["context"])
    table, stored = rows.stored(one, *_concepts(context))
    return {
        **one,
        "charted_ahead": one["since"] is not None and one["since"] > raised_at,
        "meaning": context.meaning if context else None,
        "certainty": context.certainty if context else None,
        "source": context.source if context else None,
        "table": table,
        "stored": stored,
        "message": rows.message(one),
    }


def _concepts(context: AnyContext | None) -> tuple[str, ...]:
    if isinstance(context, Context):
        return context.concepts
    return ("birth_date",) if context else ()
