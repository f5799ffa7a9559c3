"""What holds of every alert, whatever happens to it in whatever order."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.alerts import (
    OPEN,
    REPEAT,
    TAKEN,
    UNTAKEN,
    Life,
    Refusal,
    decide,
    escalates,
    next_step_at,
    rank,
)
from tests.clinical.alerts.lives import (
    MINUTE,
    START,
    act,
    acts,
    desk,
    interleavings,
    lived,
    new,
    severities,
    tried,
)

CHAINS = st.lists(st.integers(1, 90), max_size=4).map(
    lambda gaps: tuple(timedelta(minutes=sum(gaps[: place + 1])) for place in range(len(gaps)))
)
LATER = START + timedelta(days=1)


@settings(max_examples=100, deadline=None)
@given(severities, interleavings, CHAINS)
def test_nothing_taken_escalates_and_nothing_untaken_goes_quiet(severity, done, chain):
    life = tried(new(severity), done)
    due = next_step_at(life, chain)
    assert (due is not None) == (life.state in UNTAKEN)
    assert escalates(life, chain, LATER + timedelta(days=1)) == (life.state in UNTAKEN)
    after = decide(life, desk("escalate", 700))
    assert isinstance(after, Life) == (life.state in UNTAKEN)


@settings(max_examples=100, deadline=None)
@given(severities, interleavings)
def test_who_has_it_is_known_where_and_only_where_it_is_taken(severity, done):
    life = tried(new(severity), done)
    if life.is_open:
        assert (life.owner is not None) == (life.state in TAKEN or life.state == "handed_over")
        assert (life.owner is None) == (life.taken_at is None)
        assert (life.snoozed_until is not None) == (life.state == "snoozed")
        assert (life.offered_to is not None) == (life.state == "handed_over")
    if life.is_taken:
        assert life.acknowledged_at is not None


@settings(max_examples=100, deadline=None)
@given(severities, interleavings, acts())
def test_closed_stays_closed(severity, done, more):
    closed = lived(new(severity), desk("retract", 1, reason="inputs_withdrawn"))
    for life in (tried(new(severity), done), closed):
        after = decide(life, more)
        if life.state not in OPEN:
            assert isinstance(after, Refusal) or (after.state, more.event) == (
                life.state,
                "annotate",
            )


@settings(max_examples=100, deadline=None)
@given(severities, interleavings)
def test_of_two_who_take_it_the_first_has_it_and_the_second_learns_so(severity, done):
    life = tried(new(severity), done)
    first = decide(life, act("acknowledge", 700))
    if isinstance(first, Refusal):
        return
    assert decide(first, act("acknowledge", 701)) == first
    second = decide(first, act("acknowledge", 701, "nurse.b"))
    assert isinstance(second, Refusal)
    assert (second.why, second.who, second.since) == ("taken_by_other", "nurse.a", first.taken_at)


@settings(max_examples=100, deadline=None)
@given(severities, interleavings, severities)
def test_worse_asks_whoever_has_it_and_ends_a_snooze(severity, done, worse):
    life = tried(new(severity), done)
    after = decide(life, desk("worsen", 700, severity=worse))
    if isinstance(after, Refusal):
        assert not life.is_open
        return
    assert after.state in UNTAKEN
    assert after.snoozed_until is None
    assert after.asking == life.asking + 1
    assert rank(after.severity) == max(rank(life.severity), rank(worse))


@settings(max_examples=100, deadline=None)
@given(severities, interleavings, CHAINS)
def test_worse_is_never_asked_about_later_than_what_was_better(severity, done, chain):
    life = tried(new(severity), done)
    before = next_step_at(life, chain)
    after = decide(life, desk("worsen", 700, severity="critical"))
    if before is not None:
        assert isinstance(after, Life)
        assert next_step_at(after, chain) <= before


@settings(max_examples=100, deadline=None)
@given(severities, interleavings, acts())
def test_time_and_version_never_go_back_and_a_refusal_changes_nothing(severity, done, more):
    life = tried(new(severity), done)
    after = decide(life, more)
    if isinstance(after, Refusal):
        assert after.told.endswith(".")
        return
    assert after.version in {life.version, life.version + 1}
    assert (after.version == life.version) == (after == life)
    assert life.changed_at <= after.changed_at
    assert life.asked_at <= after.asked_at <= after.changed_at


@settings(max_examples=100, deadline=None)
@given(interleavings)
def test_no_refusal_repeats_what_was_typed(done):
    for one in done:
        after = decide(new(), act(one.event, reason="Zebedee", note="Zebedee", to="Zebedee"))
        assert not isinstance(after, Refusal) or "Zebedee" not in after.told


@given(CHAINS, st.integers(1, 60))
def test_steps_come_as_the_chain_says_and_then_again_and_again(chain, every):
    repeat = every * MINUTE
    life, told = new(), []
    for _ in range(len(chain) + 3):
        due = next_step_at(life, chain, repeat)
        told.append(due - START)
        assert escalates(life, chain, due, repeat)
        assert not escalates(life, chain, due - timedelta(microseconds=1), repeat)
        life = lived(life, desk("escalate", (due - START) / MINUTE))
    last = chain[-1] if chain else timedelta(0)
    assert told == [*chain, *(last + repeat * count for count in (1, 2, 3))]


def test_desk_that_was_down_takes_each_step_once_and_no_repeat_of_the_time_lost():
    chain = (5 * MINUTE, 10 * MINUTE)
    life, now = new(), START + timedelta(hours=3)
    taken = 0
    while escalates(life, chain, now):
        life, taken = lived(life, desk("escalate", 180)), taken + 1
    assert taken == 2
    assert next_step_at(life, chain) == now + REPEAT


_EVERY = (
    desk("deliver", 1),
    act("acknowledge", 2),
    act("acknowledge", 3, "nurse.b"),
    act("unacknowledge", 4, "nurse.b", reason="away"),
    act("snooze", 5, until=START + 15 * MINUTE),
    desk("wake", 20),
    desk("worsen", 6, severity="critical"),
    desk("escalate", 7),
    act("hand_over", 8, to="nurse.b"),
    act("resolve", 9, reason="settled"),
)


def test_every_order_of_five_acts_keeps_the_law_of_escalation():
    """Exhaustive where Hypothesis only samples: acks, ticks, worsening, snooze's end (F29)."""
    lives, reached = {new()}, set()
    for _ in range(5):
        lives |= {tried(life, [one]) for life in lives for one in _EVERY}
    for life in lives:
        reached.add(life.state)
        assert (next_step_at(life, ()) is None) == (life.state not in UNTAKEN)
    assert reached == OPEN - {"read", "confirmed"} | {"resolved"}
