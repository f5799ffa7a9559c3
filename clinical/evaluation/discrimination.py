"""How well a number tells hours before an outcome from other hours.

Here: areas under the ROC and the precision-recall curve, by hours, ties counted as half. Not here:
whether the areas matter: in the PhysioNet/CinC 2019 challenge AUROC and utility were poorly
correlated on an unseen hospital (Reyna et al., Crit Care Med 2020).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinical.evaluation.occurrences import Bools


@dataclass(frozen=True, slots=True)
class Discrimination:
    """Areas over so many hours, `positive` of them labelled; null where one class is missing."""

    hours: int
    positive: int
    auroc: float | None
    auprc: float | None


def discrimination(value: NDArray[np.float64], label: Bools) -> Discrimination:
    """Areas of a number; an hour in which it is not known takes the lowest place.

    The area under the precision-recall curve is the sum of precision times the rise in recall, as
    the challenge's scorer has it.
    """
    positive = int(label.sum())
    negative = len(label) - positive
    if not positive or not negative:
        return Discrimination(len(label), positive, None, None)
    known = np.where(np.isnan(value), -np.inf, value)
    order = np.argsort(-known, kind="stable")
    ranked = known[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(known) - 1)
    hits = np.cumsum(label[order])[ends]
    false = ends + 1 - hits
    recall, precision = hits / positive, hits / (ends + 1)
    area = np.trapezoid(np.append(0, recall), np.append(0, false / negative))
    rises = np.diff(np.append(0, recall))
    return Discrimination(len(label), positive, float(area), float((rises * precision).sum()))
