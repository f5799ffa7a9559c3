"""The limits of oxygenation ratios, on both sides."""

import pytest

from clinical.scores.oxygenation import (
    ROX_CHECKPOINTS,
    ROX_LOW_RISK,
    pf_grade,
    rox_checkpoint,
    sf_grade,
)

# Global definition of ARDS 2023/24: closed above.
PF = [(100, "severe"), (100.1, "moderate"), (200, "moderate"), (200.1, "mild"), (300, "mild"),
      (300.1, "none")]  # fmt: skip
SF = [(148, "severe"), (148.1, "moderate"), (235, "moderate"), (235.1, "mild"), (315, "mild"),
      (315.1, "none")]  # fmt: skip


@pytest.mark.parametrize(("ratio", "want"), PF)
def test_a_pf_ratio_has_the_grade_of_the_global_definition(ratio: float, want: str) -> None:
    assert pf_grade(ratio) == want


@pytest.mark.parametrize(("ratio", "want"), SF)
def test_an_sf_ratio_has_the_grade_of_the_global_definition(ratio: float, want: str) -> None:
    assert sf_grade(ratio) == want


@pytest.mark.parametrize(
    ("hours", "limit"), [(1.9, None), (2, 2.85), (5.9, 2.85), (6, 3.47), (11.9, 3.47), (12, 3.85)]
)
def test_rox_has_the_limit_of_the_newest_checkpoint_reached(
    hours: float, limit: float | None
) -> None:
    checkpoint = rox_checkpoint(hours)
    assert (checkpoint.failure_below if checkpoint else None) == limit


def test_the_limits_of_rox_rise_to_the_one_of_low_risk() -> None:
    limits = [checkpoint.failure_below for checkpoint in ROX_CHECKPOINTS]
    assert [*limits, ROX_LOW_RISK] == sorted([*limits, ROX_LOW_RISK])
