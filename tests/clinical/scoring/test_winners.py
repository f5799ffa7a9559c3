"""Which row counts, looked up at moments: the same as asking for each moment by itself."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.scoring.winners import NONE, Lookup, Rows, winners

OWNERS, KINDS = 3, 4

ROW = st.tuples(
    st.integers(0, OWNERS - 1),
    st.integers(0, KINDS - 1),
    st.integers(0, 5),
    # Few identities, so that withdrawals find what they name.
    st.integers(0, 2),
    st.booleans(),
)


def rows_of(told):
    owner, kind, effective, signal, void = (
        np.array([row[place] for row in told], np.int64) for place in range(5)
    )
    never = np.zeros(len(told), np.bool_)
    # An observation's identity includes its time.
    signals = (signal * 10 + effective).astype(np.uint64)
    return Rows(owner * KINDS + kind, effective, signals, void.astype(np.bool_), never)


def counts(told, owner, kind, arrival):
    """The row that counts, the plain way."""
    known = {}
    for place, (who, what, effective, signal, void) in enumerate(told[: arrival + 1]):
        if (who, what) == (owner, kind):
            known.pop((signal, effective), None)
            if not void:
                known[signal, effective] = (effective, place)
    return max(known.values())[1] if known else NONE


@settings(max_examples=100)
@given(
    st.lists(ROW, max_size=12),
    st.lists(st.tuples(st.integers(0, OWNERS - 1), st.integers(0, 11)), max_size=8),
)
def test_a_row_looked_up_is_the_one_that_counts_once_so_much_has_arrived(told, asked):
    owner = np.array([who for who, _ in asked], np.int64)
    arrival = np.array([min(at, max(len(told) - 1, 0)) for _, at in asked], np.int64)
    found = Lookup(winners(rows_of(told)), owner, arrival, KINDS).rows(np.arange(KINDS))
    for moment, (who, at) in enumerate(zip(owner.tolist(), arrival.tolist(), strict=True)):
        for kind in range(KINDS):
            assert found[kind, moment] == counts(told, who, kind, at)


@settings(max_examples=40)
@given(st.lists(ROW, min_size=1, max_size=12))
def test_kinds_may_be_asked_for_singly_and_in_any_order(told):
    owner = np.arange(OWNERS)
    last = np.full(OWNERS, len(told) - 1)
    lookup = Lookup(winners(rows_of(told)), owner, last, KINDS)
    every = lookup.rows(np.arange(KINDS))
    for kind in reversed(range(KINDS)):
        assert lookup.rows(np.array([kind])).tolist() == [every[kind].tolist()]
