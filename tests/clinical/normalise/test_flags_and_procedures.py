"""What flags and procedures stand for: the feed's own map first, then standard codes."""

from typing import Any

import pytest

from clinical.wire.profile import CodeRule, FeedProfile
from tests.clinical.normalise.factories import normalised

SNOMED = "http://snomed.info/sct"
PROFILE = FeedProfile(
    "ward",
    codes={
        ("L", "NOCPR"): CodeRule("code_status"),
        ("L", "OP"): CodeRule("surgery"),
        ("L", "HR"): CodeRule("heart_rate"),
        (SNOMED, "304253006"): CodeRule("code_status"),
    },
    answers={"code_status": {"NOCPR": "dnr", "304253006": "dni"}},
)
STANDARD = FeedProfile("plain")


def flagged(profile: FeedProfile, **told: Any) -> tuple[str | None, str | None]:
    [found] = normalised("flags", {"kind": "flag", **told}, profile=profile)
    return found["concept"], found["value_code"]


def performed(profile: FeedProfile, **told: Any) -> str | None:
    [found] = normalised("procedures", told, profile=profile)
    concept: str | None = found["concept"]
    return concept


def test_flag_of_a_standard_code_says_its_answer() -> None:
    told = {"code_system": SNOMED, "code": "304253006", "value_code": "deny"}
    assert flagged(STANDARD, **told) == ("code_status", "dnr")


def test_feeds_own_map_of_flags_goes_first() -> None:
    assert flagged(PROFILE, code_system=SNOMED, code="304253006") == ("code_status", "dni")
    assert flagged(PROFILE, code_system="L", code="NOCPR") == ("code_status", "dnr")


def test_flag_that_nobody_knows_keeps_what_was_sent() -> None:
    assert flagged(PROFILE, code_system="L", code="X", value_code="permit") == (None, "permit")


@pytest.mark.parametrize(
    ("system", "code", "concept"),
    [
        ("L", "OP", "surgery"),
        # A procedure is not a pulse, whatever the map says.
        ("L", "HR", None),
        (SNOMED, "302497006", "dialysis"),
        (SNOMED, "0", None),
        (None, None, None),
    ],
)
def test_procedure_is_what_its_code_says(system, code, concept) -> None:
    assert performed(PROFILE, code_system=system, code=code) == concept
