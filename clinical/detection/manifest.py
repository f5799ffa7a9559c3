"""Manifests: what a rule or score is for, on what evidence, and how context changes it.

Here: the shape of a manifest, reading one from TOML, and those of every rule family and score. Not
here: thresholds (they stand in the modules), what a context is (clinical/context), or what an
effect does (shard.py). A manifest that says too little is refused.

The source attributes are those of 45 CFR 170.315(b)(11)(iv)(A) for evidence-based decision support.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Literal, cast, get_args

What = Literal["suppress", "lower", "reroute", "mark"]
SOURCE_ATTRIBUTES: Mapping[str, str] = {
    "citation": "Bibliographic citation of the research or guideline",
    "developer": "Developer of the intervention",
    "funding_source": "Funding source of the technical implementation",
    "release_date": "Release and revision dates of the intervention or its reference",
    "race": "Use of race",
    "ethnicity": "Use of ethnicity",
    "language": "Use of language",
    "sexual_orientation": "Use of sexual orientation",
    "gender_identity": "Use of gender identity",
    "sex": "Use of sex",
    "date_of_birth": "Use of date of birth",
    "social_determinants": "Use of social determinants of health",
    "health_status": "Use of health status assessments",
}
_TEXTS = ("version", "title", "population", "evidence", "intended_use", "limits", "owner")
_TABLES = ("source_attributes", "test_vectors")
_ALLOWED = {*_TEXTS, *_TABLES, "context", "episode", "variants"}
# Every analyte is a family of its own, all of them under one manifest.
CRITICAL = "critical_"
CRITICAL_RESULT = "critical_result"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a context does to the alerts of a family, and why.

    `rules` are those it applies to (none named: all of the family); `route` is where a re-routed
    alert goes; `steps` is by how many severities a lowered one falls.
    """

    effect: What
    reason: str
    rules: tuple[str, ...] = ()
    route: str | None = None
    steps: int = 1

    def applies_to(self, rule: str) -> bool:
        """Whether alerts of this rule feel the effect."""
        return not self.rules or rule in self.rules


@dataclass(frozen=True, slots=True)
class TestVector:
    """A small timeline of facts and what must follow from it.

    Each step of `timeline` has `hours` and either `chart` (values by concept, or answers of coded
    ones) or rows of fact tables by name. `expects` are, of a rule, the alerts of its family in
    order; of a score, its newest row. Only the columns named are compared.
    """

    __test__ = False  # not a test case of pytest's

    name: str
    timeline: Sequence[Mapping[str, Any]]
    expects: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Length:
    """For how many hours an episode stays open though the rule no longer holds, and why."""

    hours: float
    reason: str


# Shorter repeats alerts of one illness; longer hides a second illness. [P]
DAY = Length(24, "A day of vital signs without it is the end of one illness")


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that a rule family or a score says of itself, but its thresholds."""

    family: str
    version: str
    title: str
    population: str
    evidence: str
    intended_use: str
    limits: str
    owner: str
    source_attributes: Mapping[str, str]
    test_vectors: tuple[TestVector, ...]
    context: Mapping[str, Effect] = field(default_factory=dict)
    variants: Mapping[str, str] = field(default_factory=dict)
    episode: Length = DAY

    @property
    def citation(self) -> str:
        """What it was published in."""
        return self.source_attributes["citation"]


def read(family: str, text: str) -> Manifest:
    """A manifest of TOML.

    Raises:
        ValueError: Something is missing, empty or unknown; the message names all of it.
    """
    told = tomllib.loads(text)
    wrong = sorted(_wrong(told))
    if wrong:
        msg = f"the manifest of {family} is not complete: {', '.join(wrong)}"
        raise ValueError(msg)
    return Manifest(
        family=family,
        version=told["version"],
        title=told["title"],
        population=told["population"],
        evidence=told["evidence"],
        intended_use=told["intended_use"],
        limits=told["limits"],
        owner=told["owner"],
        source_attributes={name: told["source_attributes"][name] for name in SOURCE_ATTRIBUTES},
        test_vectors=tuple(TestVector(**one) for one in told["test_vectors"]),
        context={name: _effect(one) for name, one in told.get("context", {}).items()},
        variants=told.get("variants", {}),
        episode=Length(**told["episode"]) if "episode" in told else DAY,
    )


def _wrong(told: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{name} is unknown" for name in told.keys() - _ALLOWED)
    yield from (f"{name} is empty" for name in _TEXTS if not str(told.get(name, "")).strip())
    yield from (f"{name} is empty" for name in _TABLES if not told.get(name))
    attributes = told.get("source_attributes", {})
    yield from (f"{name} is no attribute" for name in attributes.keys() - SOURCE_ATTRIBUTES.keys())
    missing = (name for name in SOURCE_ATTRIBUTES if not attributes.get(name, "").strip())
    yield from (f"source attribute {name} is empty" for name in missing)
    episode = told.get("episode", {"hours": DAY.hours, "reason": DAY.reason})
    if episode.keys() != {"hours", "reason"} or not episode["reason"].strip():
        yield "episode lacks hours or a reason"
    for name, one in told.get("context", {}).items():
        if one.get("effect") not in get_args(What) or not one.get("reason", "").strip():
            yield f"context {name} lacks an effect or a reason"
        elif (one["effect"] == "reroute") != bool(one.get("route")):
            yield f"context {name} must name a route when it re-routes, and only then"


def _effect(told: Mapping[str, Any]) -> Effect:
    rules = tuple(told.get("rules", ()))
    return Effect(**{**told, "effect": cast(What, told["effect"]), "rules": rules})


def _in_room(room: str) -> Mapping[str, Manifest]:
    """The manifests of a room of `clinical`, by family or score."""
    found = sorted(files("clinical").joinpath(room, "manifests").iterdir(), key=lambda x: x.name)
    names = [(item.name.removesuffix(".toml"), item) for item in found]
    return {
        name: read(name, item.read_text(encoding="utf-8"))
        for name, item in names
        if name != item.name
    }


# Those that decide: a family's context effects are part of `rules_version`.
MANIFESTS: Mapping[str, Manifest] = _in_room("detection")


def score_manifests() -> Mapping[str, Manifest]:
    """Those of the scores, by name; nothing rests on them but pages and tests."""
    return _in_room("scores")


def manifest_of(family: str) -> Manifest:
    """The manifest of a rule family as alerts name it.

    >>> manifest_of("critical_potassium").family
    'critical_result'
    """
    return MANIFESTS[CRITICAL_RESULT if family.startswith(CRITICAL) else family]
