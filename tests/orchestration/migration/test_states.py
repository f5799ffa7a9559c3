"""The state machine's laws, over every state and event."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.migration.states import (
    GATES,
    MOVES,
    SAFETY,
    SERVED_BY_STREAM,
    Event,
    State,
    after,
    needed,
    next_of,
    possible,
)

EVENTS = st.lists(st.sampled_from(list(Event)), max_size=40)


def _walk(events):
    state = after(None, Event.DECLARED)
    for event in events:
        moved = after(state, event)
        if moved is not None:
            yield state, event, moved
            state = moved


@given(EVENTS)
def test_the_stream_serves_only_after_every_promotion_before_it(events):
    promoted = set()
    for _, event, state in _walk(events):
        if event is Event.PROMOTED:
            promoted.add(state)
        if state in SERVED_BY_STREAM:
            assert {State.SHADOW, State.DUAL_RUN, State.CUTOVER} <= promoted


@given(EVENTS)
def test_whatever_the_stream_serves_can_be_rolled_back_to_the_nightly_rows(events):
    for _, _, state in _walk(events):
        if state in SERVED_BY_STREAM:
            assert after(state, Event.ROLLED_BACK) is State.DUAL_RUN


@given(EVENTS)
def test_no_event_but_a_promotion_brings_the_stream_to_its_readers(events):
    for before, event, state in _walk(events):
        if state in SERVED_BY_STREAM and before not in SERVED_BY_STREAM:
            assert event is Event.PROMOTED


def test_a_job_that_is_kept_in_batch_never_moves():
    assert after(None, Event.KEPT) is State.KEPT_IN_BATCH
    assert possible(State.KEPT_IN_BATCH) == ()


def test_an_automatic_demotion_is_over_after_one_step():
    for (state, event), target in MOVES.items():
        if event is Event.DEMOTED:
            assert state is not None
            assert after(target, Event.DEMOTED) is None


def test_each_step_needs_its_own_gates_and_those_of_the_steps_before():
    assert needed(State.SHADOW) == ("G1", "G2", "G3", "G4", "G5")
    assert needed(State.RETIRED) == tuple(f"G{number}" for number in range(1, 22))
    for state, own in GATES.items():
        assert set(own) <= set(needed(state))


def test_every_safety_gate_is_needed_before_the_stream_serves():
    assert set(SAFETY) <= set(needed(State.CUTOVER))


@pytest.mark.parametrize("state", list(State))
def test_a_promotion_leads_one_step_on_or_nowhere(state):
    order = [State.LEGACY, State.SHADOW, State.DUAL_RUN, State.CUTOVER, State.RETIRED]
    following = dict(pairwise(order))
    assert next_of(state) is following.get(state)


def test_a_job_on_hold_begins_again_in_the_shadow():
    assert after(State.HOLD, Event.RESUMED) is State.SHADOW
    assert after(State.HOLD, Event.PROMOTED) is None
