"""A message that a step of ours cannot bear costs itself; one that breaks the fold is named."""

from dataclasses import fields, replace

import pyarrow as pa
import pytest

from clinical.detection.batch_clock import BatchClock
from clinical.detection.shard import Derived, Facts, Shard
from clinical.normalise import NormalisationError
from clinical.wire.profile import CodeRule, FeedProfile
from lakehouse.feeds import load_profile
from streaming import bearing, steps
from streaming.admission import Admission
from streaming.batches import Messages, Understood
from tests.streaming.feeds import sample_messages

COUNT = 40


@pytest.fixture(scope="module")
def profile() -> FeedProfile:
    return load_profile("mimic3")


class Touchy(FeedProfile):
    """A profile that breaks on one code."""

    def rule_for(self, system: str | None, code: str | None) -> CodeRule | None:
        if code == "51248":
            raise ZeroDivisionError
        return super().rule_for(system, code)


def understood(profile: FeedProfile) -> Understood:
    return Admission(profile.format).admit(steps.decode(messages(), profile))


def messages() -> Messages:
    raw = pa.array([message.rstrip(b"\r") for message in sample_messages(COUNT)], pa.binary())
    clock = pa.array([0] * COUNT, pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    return Messages("mimic3", 1000, 500, clock, raw)


def reasons(facts: steps.Facts) -> dict[int, str]:
    rows = facts.raw.select(["offset", "disposition", "stage", "reason"]).to_pylist()
    return {row["offset"]: row["stage"] for row in rows if row["reason"] == "decoder_failed"}


def test_a_batch_that_is_borne_is_as_it_was(profile: FeedProfile) -> None:
    batch = understood(profile)
    assert bearing.normalised(batch, profile).tables == steps.normalised(batch, profile).tables


def test_messages_that_cannot_be_normalised_are_quarantined_and_no_others(
    profile: FeedProfile,
) -> None:
    broken = Touchy(**{item.name: getattr(profile, item.name) for item in fields(profile)})
    batch = understood(broken)
    with pytest.raises(ZeroDivisionError):
        steps.normalised(batch, broken)
    facts = bearing.normalised(batch, broken)
    with_code = {
        500 + place for place, raw in enumerate(sample_messages(COUNT)) if b"|51248^" in raw
    }
    assert reasons(facts) == dict.fromkeys(with_code, "normalise")
    assert with_code
    assert not with_code & set(facts.tables["observations"]["offset"].to_pylist())
    others = set(facts.tables["observations"]["offset"].to_pylist())
    whole = steps.normalised(understood(profile), profile)
    assert others == set(whole.tables["observations"]["offset"].to_pylist()) - with_code


def test_what_fails_without_any_message_is_not_blamed_on_one(profile: FeedProfile) -> None:
    broken = replace(profile, codes={("", "1"): CodeRule("no_such_concept")})
    with pytest.raises(NormalisationError):
        bearing.normalised(understood(broken), broken)


class Breaking(Shard):
    """A shard that cannot bear one offset."""

    def step(self, facts: Facts) -> Derived:
        if any(520 in rows["offset"].to_pylist() for rows in facts.values()):
            raise ZeroDivisionError
        return super().step(facts)


def test_a_fold_that_fails_names_the_messages_and_tells_of_it_first(profile: FeedProfile) -> None:
    told: list[BaseException] = []
    folding = bearing.Folding(lambda _: Breaking(BatchClock()), told.append)
    facts = steps.normalised(understood(profile), profile)
    ((_, mine),) = steps.by_facility(facts)
    with pytest.raises(bearing.FoldFailedError, match="mimic3/1000, offsets 500 to 539") as failed:
        folding.on_item(mine)
    assert told == [failed.value]
    assert (failed.value.place, failed.value.first, failed.value.last) == ("mimic3/1000", 500, 539)
    assert "ZeroDivisionError" in str(failed.value)


def test_a_shard_that_cannot_be_opened_is_no_fault_of_the_messages(profile: FeedProfile) -> None:
    def closed(_: str) -> Shard:
        raise MemoryError

    facts = steps.normalised(understood(profile), profile)
    ((_, mine),) = steps.by_facility(facts)
    with pytest.raises(MemoryError):
        bearing.Folding(closed, lambda _: None).on_item(mine)
