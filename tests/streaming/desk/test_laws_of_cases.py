"""What holds of the desk's cases, whatever people, the clock and the stream do in whatever order.

Here: the store, the plan and the outbox together. Not here: the life cycle alone
(tests/clinical/alerts), or sending (test_workers.py).
"""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinical.alerts import UNTAKEN, Act
from streaming.desk.scopes import Scope
from streaming.desk.silencing import Wish
from streaming.desk.ticking import Ticker
from tests.streaming.desk.desks import alert, desk_at, take_alerts

EVERYONE = Scope(None)
FAMILIES = ("news2", "septic_shock")
NURSES = ("nurse.a", "nurse.b")
_TOLD = ("handed_over", "retracted")


def _alert(family, band):
    """An alert of the one patient; each band of a family is news of the same episode."""
    severity = ("low", "medium", "high", "critical")[band]
    name = f"{family}-{band}"
    return alert(
        band + 10 * FAMILIES.index(family),
        alert_id=name,
        episode_id=family,
        rule_family=family,
        patient_id="MRN-1",
        severity=severity,
        band=band + 1,
    )


_WORDS = {"decline": "known", "resolve": "settled", "unacknowledge": "away", "retract": "corrected"}
_EVENTS = st.sampled_from(
    [
        *("acknowledge", "unacknowledge", "confirm", "decline", "hand_over", "snooze"),
        *("resolve", "retract"),
    ]
)
_DONE = st.one_of(
    st.tuples(st.just("come"), st.sampled_from(FAMILIES), st.integers(0, 3)),
    st.tuples(st.just("act"), _EVENTS, st.tuples(st.integers(0, 3), st.sampled_from(NURSES))),
    st.tuples(st.just("wait"), st.sampled_from([1, 6, 20, 90]), st.just(None)),
    st.tuples(st.just("silence"), st.sampled_from([10, 60]), st.just(None)),
)


def _do(desk, what, which, how):
    now = desk.clock.now()
    if what == "come":
        take_alerts(desk, _alert(which, how))
    elif what == "wait":
        Ticker(desk.engine, desk.planner).tick(desk.clock.move(minutes=which))
    elif what == "silence":
        ends = now + timedelta(minutes=which)
        desk.cases.silence(Wish({"unit": ["MICU"]}, now, ends, "lead", "building works"))
    else:
        _act(desk, which, *how)


def _act(desk, event, place, nurse):
    cases = desk.cases.open(EVERYONE)
    if cases:
        now = desk.clock.now()
        act = Act(
            event,
            now,
            None if event == "retract" else nurse,
            reason=_WORDS.get(event),
            to=NURSES[nurse == NURSES[0]],
            until=now + timedelta(minutes=10),
        )
        desk.cases.act(cases[place % len(cases)].alert_id, act)


def _check(desk):
    for family in FAMILIES:
        for band in range(4):
            case = desk.cases.one(_alert(family, band)["alert_id"])
            if case is not None:
                _check_case(desk, case)


def _check_case(desk, case):
    asks = case.state in UNTAKEN
    # Nothing untaken goes quiet: the clock looks at it again, if only to see what hides it.
    assert asks == (case.next_step_at is not None) or case.state == "snoozed"
    waiting = [
        one
        for one in desk.cases.notifications(case.alert_id)
        if one.state == "waiting" and one.kind != "retracted"
    ]
    # Nothing taken or closed rings any more.
    assert asks or waiting == []
    if case.state == "snoozed":
        assert case.next_step_at == case.snoozed_until


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_DONE, min_size=3, max_size=10))
def test_nothing_untaken_goes_quiet_and_nothing_taken_rings(done):
    with TemporaryDirectory() as folder, desk_at(Path(folder)) as desk:
        take_alerts(desk, _alert("news2", 1))
        for one in done:
            _do(desk, *one)
            _check(desk)
        # A day later whatever is still untaken has been told of, unless a worse one stands for it.
        for _ in range(3):
            Ticker(desk.engine, desk.planner).tick(desk.clock.move(hours=13))
        _check(desk)
        cases = {case.alert_id: case for case in desk.cases.open(EVERYONE)}
        for case in cases.values():
            told = desk.cases.notifications(case.alert_id)
            hidden = case.plan.verdict == "inhibited" and case.plan.by in cases
            assert case.state not in UNTAKEN or told or hidden
