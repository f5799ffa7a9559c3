"""A message that the decoder cannot bear costs itself, never the flow."""

from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import ward
from clinical import wire
from lakehouse.feeds import load_profile
from streaming import poison

PROFILE = load_profile(ward.FEED)
# A zone that is none, which no profile's check lets through: the decoder raises as soon as it
# meets a time, and not before.
BROKEN = replace(PROFILE, zone="Nowhere/At_All")
GOOD = list(ward.messages(8, ward.Ward(patients=3, interval=timedelta(seconds=1))))
TEXT = b"no message at all"


def column(messages: list[bytes]) -> pa.Array:
    return pa.array(messages, pa.binary())


def reasons(table: pa.Table) -> list[str | None]:
    return table["reason"].to_pylist()


@settings(max_examples=30)
@given(st.lists(st.booleans(), min_size=1, max_size=20))
def test_every_message_but_the_poison_is_decoded(which):
    messages = column([GOOD[0] if is_poison else TEXT for is_poison in which])
    expected = [poison.REASON if is_poison else "no_msh" for is_poison in which]
    assert reasons(poison.decode(messages, BROKEN).messages) == expected
    assert reasons(poison.dispositions(messages, BROKEN)) == expected
    assert poison.refusals(messages.to_pylist(), BROKEN) == expected
    clear = [None if is_poison else "no_msh" for is_poison in which]
    assert poison.refusals(messages.to_pylist(), PROFILE) == clear


def test_the_facts_of_the_others_keep_their_message():
    raw = column([*GOOD, TEXT])
    whole = wire.decode(raw, PROFILE)
    parts = poison.joined(wire.decode(raw[:3], PROFILE), wire.decode(raw[3:], PROFILE))
    assert parts.messages.equals(whole.messages)
    assert {name: rows.to_pylist() for name, rows in parts.facts.items()} == {
        name: rows.to_pylist() for name, rows in whole.facts.items()
    }


def test_what_is_known_as_poison_is_not_tried_again():
    known = pa.array([None, poison.REASON, "truncated"], pa.string())
    decoded = poison.decode(column(GOOD[:3]), PROFILE, known)
    assert decoded.messages["disposition"].to_pylist() == ["parsed", "quarantined", "parsed"]
    assert set(decoded.facts["observations"]["message"].to_pylist()) == {0, 2}


def test_nothing_changes_where_nothing_is_poison():
    raw = column([*GOOD, TEXT])
    assert poison.decode(raw, PROFILE).messages.equals(wire.decode(raw, PROFILE).messages)
