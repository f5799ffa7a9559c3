"""The facts follow from the messages, in whatever order these come."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.faults.corpus import Message, corpus
from tests.faults.figures import alerts, facts
from tests.faults.variants import anyhow, between_patients
from tests.streaming.feeds import replayed, write

SEEDS = range(20) if os.environ.get("PULSEHOUSE_FAULTS") == "long" else range(1)
Order = Callable[[Sequence[Message], int], list[Message]]


def of(root: Path, messages: Sequence[Message]) -> Path:
    """A lake of these messages."""
    replayed(root / "lake", write(root / "all.hl7", [message.raw for message in messages]))
    return root / "lake"


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return of(tmp_path_factory.mktemp("in-order"), corpus(400))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("order", [between_patients, anyhow], ids=["between", "within"])
def test_the_facts_are_the_same_in_every_order(
    order: Order, seed: int, in_order: Path, tmp_path: Path
) -> None:
    lake = of(tmp_path, order(corpus(400), seed))

    assert facts(lake) == facts(in_order)


@pytest.mark.parametrize("seed", SEEDS)
def test_alerts_do_not_know_of_other_patients(seed: int, in_order: Path, tmp_path: Path) -> None:
    lake = of(tmp_path, between_patients(corpus(400), seed))

    assert alerts(lake) == alerts(in_order)
