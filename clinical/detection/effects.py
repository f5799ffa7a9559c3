"""What contexts do to alerts: the effects that a family's manifest declares, carried out.

Here: which contexts suppress where a rule holds, all that apply to an alert, and what becomes of
its severity and route. Not here: when a context holds (clinical/context), or which effect a family
declares (manifests/).

The first suppressing context in the manifest's order names the suppression, the first re-routing
one the route; of several that lower, the one with most steps counts, they do not add up.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from clinical.context.columns import validities
from clinical.detection.finding import Finding, Severity
from clinical.detection.manifest import Effect, Manifest, manifest_of
from clinical.scoring.engine import Moments

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
# Whom an alert is for where no context re-routes it: those who look after the patient.
UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Applied:
    """A context that held at an alert, what it did, since when it held and the row it rests on."""

    context: str
    effect: Effect
    since: int
    row: int


def suppressors(manifest: Manifest) -> tuple[str, ...]:
    """The contexts that suppress alerts of a family, in the order in which they are asked."""
    return tuple(name for name, one in manifest.context.items() if one.effect == "suppress")


def suppressed(moments: Moments, found: Sequence[tuple[Finding, Ints]]) -> list[Ints]:
    """Which of its family's suppressors applies to each finding at some of the moments, from 1.

    0 stands where none does. Every context is asked about once for all.
    """
    which = [np.zeros(len(at), np.int64) for _, at in found]
    felt = [
        (place, number, name, _felt(manifest.context[name], finding, at))
        for place, (finding, at) in enumerate(found)
        for manifest in (manifest_of(finding.family),)
        for number, name in reversed([*enumerate(suppressors(manifest), 1)])
    ]
    felt = [one for one in felt if len(one[3])]
    told = validities([(name, found[place][1][some]) for place, _, name, some in felt], moments)
    for (place, number, _, some), one in zip(felt, told, strict=True):
        which[place][some[one.holds]] = number
    return which


def applied(moments: Moments, alerts: Sequence[tuple[Finding, int]]) -> list[tuple[Applied, ...]]:
    """All contexts that apply to each alert, in its manifest's order.

    `alerts` are findings with the moment of each: every context is asked about once for all.
    """
    asked: dict[str, list[tuple[int, int, Effect]]] = defaultdict(list)
    for alert, (finding, moment) in enumerate(alerts):
        rule = finding.bands[int(finding.band[moment])].rule
        for name, effect in manifest_of(finding.family).context.items():
            if effect.applies_to(rule):
                asked[name].append((alert, moment, effect))
    found: list[dict[str, Applied]] = [{} for _ in alerts]
    told = validities(
        [(name, np.array([at for _, at, _ in several])) for name, several in asked.items()], moments
    )
    for (name, several), one in zip(asked.items(), told, strict=True):
        for place in np.flatnonzero(one.holds).tolist():
            alert, _, effect = several[place]
            found[alert][name] = Applied(name, effect, int(one.since[place]), int(one.row[place]))
    return [
        tuple(held[name] for name in manifest_of(finding.family).context if name in held)
        for (finding, _), held in zip(alerts, found, strict=True)
    ]


def _felt(effect: Effect, finding: Finding, at: Ints) -> Ints:
    """Numbers of the places at which the rule that holds feels an effect."""
    feels = np.zeros(max(finding.bands) + 1, np.bool_)
    for rank, band in finding.bands.items():
        feels[rank] = effect.applies_to(band.rule)
    return np.flatnonzero(feels[finding.band[at]])


def lowered(declared: Severity, contexts: Sequence[Applied]) -> Severity:
    """The severity that is left of the one declared; the lowest is never fallen below."""
    steps = [one.effect.steps for one in contexts if one.effect.effect == "lower"]
    return SEVERITIES[max(SEVERITIES.index(declared) - max(steps, default=0), 0)]


def route(contexts: Sequence[Applied]) -> str:
    """Whom the alert is for."""
    return next((one.effect.route for one in contexts if one.effect.route), UNIT)
