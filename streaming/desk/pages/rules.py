"""The rule behind an alert, in its own words: the manifest of its family.

Here: what a page quotes from it. Not here: the manifests (clinical/detection/manifests).
"""

from dataclasses import dataclass
from datetime import datetime

from clinical.detection.manifest import manifest_of


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule is for, for whom, on what evidence, and where it should not be trusted."""

    title: str
    version: str
    intended_use: str
    population: str
    limits: str
    citation: str
    evidence: str


def rule_of(family: str) -> Rule | None:
    """The rule of a family; None of one that has no manifest, such as a technical alert."""
    try:
        found = manifest_of(family)
    except KeyError:
        return None
    return Rule(
        title=found.title,
        version=found.version,
        intended_use=found.intended_use,
        population=found.population,
        limits=found.limits,
        citation=found.source_attributes["citation"],
        evidence=found.evidence,
    )


def without_the_stream(raised_at: datetime, batch_at: datetime | None, told: str) -> str | None:
    """When the nightly job would have shown it; `told` is that moment in words."""
    if batch_at is None:
        return None
    hours = (batch_at - raised_at).total_seconds() / 3600
    return f"The nightly job would have shown this at {told}, {hours:.1f} h later."
