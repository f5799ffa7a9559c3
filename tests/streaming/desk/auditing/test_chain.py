"""The chain of the audit: no entry is changed, moved or taken out unseen.

Here: laws over values. Not here: the store, or the command (test_records.py).
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.desk.auditing.chain import Head, Record, first_fault, hash_of, head_of, linked

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEXTS = st.text(max_size=12)
RECORDS = st.builds(
    Record,
    at=st.integers(0, 10**6).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    who=TEXTS,
    action=TEXTS,
    outcome=st.sampled_from(["ok", "refused", "failed"]),
    where=TEXTS,
    why=st.none() | TEXTS,
    alerts=st.lists(TEXTS, max_size=3).map(tuple),
    patients=st.lists(TEXTS, max_size=3).map(tuple),
)
CHAINS = st.lists(RECORDS, min_size=1, max_size=8)


def _chain(written, head=None):
    head, entries = head or Head(), []
    for record in written:
        entries.append(linked(record, head))
        head = head_of(entries[-1])
    return entries, head


@given(CHAINS)
def test_a_chain_as_it_was_written_holds(written):
    entries, head = _chain(written)
    anchors = {entry.number: entry.sha256 for entry in entries}
    assert first_fault(entries, head, anchors) is None


@settings(max_examples=60)
@given(CHAINS, st.data())
def test_a_changed_entry_is_named(written, data):
    entries, head = _chain(written)
    place = data.draw(st.integers(0, len(entries) - 1))
    name, value = data.draw(
        st.sampled_from([("who", "somebody"), ("why", "x" * 20), ("patients", ("A/1",) * 5)])
    )
    changed = replace(entries[place], **{name: value})
    if changed != entries[place]:
        found = first_fault([*entries[:place], changed, *entries[place + 1 :]], head)
        assert found.number == place + 1


@given(CHAINS, st.data())
def test_an_entry_that_was_changed_and_hashed_anew_breaks_the_chain_or_its_head(written, data):
    entries, head = _chain(written)
    place = data.draw(st.integers(0, len(entries) - 1))
    changed = replace(entries[place], who="somebody else altogether")
    changed = replace(changed, sha256=hash_of(changed))
    assert first_fault([*entries[:place], changed, *entries[place + 1 :]], head) is not None


@given(CHAINS, st.data())
def test_an_entry_that_was_taken_out_is_missed_also_at_the_end(written, data):
    entries, head = _chain(written)
    place = data.draw(st.integers(0, len(entries) - 1))
    found = first_fault([*entries[:place], *entries[place + 1 :]], head)
    assert found.number == place + 1


@given(CHAINS)
def test_entries_in_another_order_do_not_hold(written):
    entries, head = _chain(written)
    turned = entries[::-1]
    assert (first_fault(turned, head) is None) == (turned == entries)


def test_a_chain_that_was_made_anew_as_a_whole_does_not_hold_against_an_anchor():
    written = [Record(NOW, "ada", "login", "ok", "POST /login"), Record(NOW, "ada", "x", "ok", "y")]
    kept, _ = _chain(written)
    made_anew, head = _chain([replace(written[0], who="bob"), written[1]])
    anchors = {2: kept[1].sha256}
    assert first_fault(made_anew, head) is None
    assert first_fault(made_anew, head, anchors).number == 2
    assert first_fault(made_anew[:1], head_of(made_anew[0]), anchors).number == 2


def test_an_empty_chain_holds_where_nothing_was_written_and_not_where_something_was():
    assert first_fault([], Head()) is None
    assert first_fault([], Head(1, "x")).number == 1
