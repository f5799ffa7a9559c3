"""What is refused in a routes file, and how it is told: line, place, and how to mend it."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.routing import Match, RoutesError, match_of, parse
from tests.clinical.routing.trees import HOSPITAL


def _refused(text):
    with pytest.raises(RoutesError) as caught:
        parse(text)
    told = str(caught.value)
    assert "\n" not in told
    return told


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("fallback: mail", "fallback: mial", "there is no receiver `mial`; the nearest is `mail`"),
        ("fallback: mail", "fallback: pager", "its fallbacks lead back to itself"),
        ("kind: board", "kind: bord", "it must be one of `webhook`"),
        ("board: {kind: board}", "board: {kind: board, url: x}", "kind board has no options"),
        ("cleo: {}", "cleo: {pagr: '3'}", "there is no receiver `pagr`"),
        ("[anna, ben]", "[anna, bne]", "there is no person `bne`; the nearest is `ben`"),
        ("starts: 2026-01-05", "starts: 2026-02-30", "a day is written as 2026-01-05"),
        ("begins: 07:00", "begins: 7:00", "a time of day is written as 07:00"),
        ("days: 7", "days: 0", "should be greater than or equal to 1"),
        ("people: cleo", "people: []", "at least 1 item"),
        ("schedule: nurses", "schedule: nurse", "there is no schedule `nurse`"),
        ("{ICU: empty}", "{ICU: emty}", "there is no schedule `emty`"),
        ("pages: 5}", "overflow: chief}", "`pages` is missing"),
        ("receivers: mail}", "receivers: []}", "at least 1 item"),
        ("tell: nurse}", "tell: nurze}", "there is no role `nurze`; the nearest is `nurse`"),
        ("after: 5m", "after: 5 minutes", "a duration is written as 90s, 5m"),
        ("after: 15m", "after: 5m", "it must come later than the step before it"),
        ("{tell: nurse}", "{tell: nurse, after: 1m}", "the first step comes at once"),
        ("repeat: 10m", "repeat: 10s", "after 1m at the soonest"),
        ("[low, medium]", "[low, critical]", "critical alerts do not wait"),
        ("ends: 07:00, sev", "ends: 22:00, sev", "begin and end must differ"),
        ("chain: ward", "chian: ward", "unknown key; the nearest is `chain`"),
        ("  chain: ward\n", "", "the key `chain` is missing"),
        ("chain: ward", "chain: wrad", "there is no chain `wrad`; the nearest is `ward`"),
        ("quiet: night", "quiet: nihgt", "there is no quiet `nihgt`"),
        ("  name: ward", "  match: {unit: a}", "no match here"),
        ("{family: septic_shock}", "{famly: x}", "unknown key; the nearest is `family`"),
        ("zone: Europe/London", "zone: Europe/Londn", "a zone is named as Europe/London is"),
        ("route:", "rout:", "unknown key; the nearest is `route`"),
        ("chief: {", "nurse: {", "`nurse` stands here twice"),
    ],
)
def test_fault_is_told_with_its_line_and_how_to_mend_it(right, wrong, told):
    assert right in HOSPITAL
    line = HOSPITAL[: HOSPITAL.index(right)].count("\n") + 1
    said = _refused(HOSPITAL.replace(right, wrong, 1))
    assert told in said
    assert abs(int(said.partition("line ")[2].partition(",")[0].partition(":")[0]) - line) <= 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "roles: [",
        "text",
        "\x00",
        "a: &a [*a]",
        "? [a]\n: 1",
        "!!python/object:os.system x",
        "- " * 999,
    ],
)
def test_what_is_no_routes_file_is_refused(text):
    _refused(text)


def test_anchors_that_would_multiply_are_refused():
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(8)
    )
    assert "too many values" in _refused(bomb)


def test_times_of_day_need_no_quotes_and_no_is_a_word():
    text = HOSPITAL.replace("ICU: empty", "no: empty").replace("anna", "on")
    assert set(parse(text).roles["nurse"].units) == {"no"}
    assert parse(text).shifts["night"].hour == 19


def test_later_fault_of_an_override_is_found():
    line = "{person: ben, begins: 2026-01-16T08:00, ends: 2026-01-16T08:00}"
    text = HOSPITAL.replace(
        "starts: 2026-01-01}]", f"starts: 2026-01-01}}]\n    overrides: [{line}]"
    )
    assert "it ends before it begins" in _refused(text)


def test_two_shifts_cannot_begin_at_the_same_time():
    told = _refused(HOSPITAL + "shifts: {day: 07:00, long: 07:00}\n")
    assert "two shifts begin at the same time" in told


def test_match_of_a_silence_is_read_as_that_of_a_route():
    assert match_of({"unit": "ICU*", "severity": ["critical"]}) == Match(
        unit=("ICU*",), severity=("critical",)
    )
    with pytest.raises(RoutesError, match="the nearest is `severity`"):
        match_of({"severty": "low"})


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(HOSPITAL)), st.integers(0, 8), st.text(max_size=6))
def test_whatever_is_typed_the_file_is_read_or_refused_in_one_line(place, cut, typed):
    text = HOSPITAL[:place] + typed + HOSPITAL[place + cut :]
    with suppress(RoutesError):
        assert parse(text).root.chain
