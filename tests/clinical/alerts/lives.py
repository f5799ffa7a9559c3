"""Lives and acts for tests: two nurses, the desk, and any order of what they do."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from clinical.alerts import EVENTS, REASONS, SEVERITIES, Act, Life, Refusal, decide, raised

START = datetime(2026, 1, 16, 4, 0, tzinfo=UTC)
PEOPLE = ("nurse.a", "nurse.b")
MINUTE = timedelta(minutes=1)


def new(severity="high"):
    return raised("feed-0-1-news2", severity, START)


def act(event, minutes=0.0, by="nurse.a", **rest):
    return Act(event, START + minutes * MINUTE, by, **rest)


def desk(event, minutes=0.0, **rest):
    return act(event, minutes, None, **rest)


def lived(life: Life, *acts: Act) -> Life:
    """The life after acts that are all done."""
    for one in acts:
        after = decide(life, one)
        assert isinstance(after, Life), after.told
        life = after
    return life


def tried(life: Life, acts) -> Life:
    """The life after acts of which some are refused."""
    for one in acts:
        after = decide(life, one)
        life = life if isinstance(after, Refusal) else after
    return life


@st.composite
def _act(draw, event=None):
    event = event or draw(st.sampled_from(EVENTS))
    codes = [*REASONS.get(event, {"because": ""}), None]
    minutes = draw(st.integers(0, 600))
    return Act(
        event,
        START + minutes * MINUTE,
        by=draw(st.sampled_from([None, *PEOPLE])),
        reason=draw(st.sampled_from(codes)),
        note=draw(st.sampled_from([None, "seen at the bedside"])),
        to=draw(st.sampled_from([None, *PEOPLE])),
        until=draw(st.one_of(st.none(), st.just(START + (minutes + 10) * MINUTE))),
        severity=draw(st.sampled_from([None, *SEVERITIES])),
    )


# Acts in any order, of anybody, with clocks that need not agree.
acts = _act
interleavings = st.lists(_act(), max_size=12)
severities = st.sampled_from(SEVERITIES)
