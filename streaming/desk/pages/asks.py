"""What an answer to an alert needs to be told: a reason, an end, a person.

Here: the answers a case takes now, and the form of each. Not here: whether one is allowed
(clinical/alerts), or its look (ask_form.html).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from clinical.alerts import REASONS, SNOOZE_LIMIT, TAKEN, TRANSITIONS, Event
from streaming.desk.case_rows import CaseRow
from streaming.desk.pages.standings import Names


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several; the first has the focus."""

    value: str
    label: str
    first: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """A form. `field` is the name of the choice, `words` the label of the free text."""

    act: Event
    title: str
    button: str
    legend: str = ""
    field: str = ""
    choices: tuple[Choice, ...] = ()
    words: str = ""
    words_required: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A button on an alert's page; one that `asks` opens a form first."""

    act: Event
    label: str
    key: str
    asks: bool
    kind: str = ""


_IN_WORDS: Final = "In a few words"
_NO_NAMES: Final = "Name no patient here: the words go into the history and the statistics."
_ASKS: Final[Mapping[Event, Ask]] = {
    "decline": Ask("decline", "Decline: this alert does not help", "Decline", "Why", "reason"),
    "resolve": Ask("resolve", "Resolve: nothing is left to do", "Resolve", "Why", "reason"),
    "unacknowledge": Ask(
        "unacknowledge",
        "Give back: nobody has it then",
        "Give back",
        "Why",
        "reason",
        note="It asks again from the beginning.",
    ),
    "snooze": Ask(
        "snooze", "Snooze: look again later", "Snooze", "For", "minutes", note="Worsening ends it."
    ),
    "hand_over": Ask(
        "hand_over",
        "Hand over",
        "Hand over",
        "To",
        "to",
        note="It stays with you until they take it, and escalates if they do not.",
    ),
}
# In the order of the buttons.
_ANSWERS: Final = (
    Answer("acknowledge", "Acknowledge", "a", asks=False, kind="first"),
    Answer("confirm", "Confirm", "c", asks=False),
    Answer("decline", "Decline", "d", asks=True),
    Answer("hand_over", "Hand over", "h", asks=True),
    Answer("snooze", "Snooze", "s", asks=True),
    Answer("resolve", "Resolve", "r", asks=True),
    Answer("unacknowledge", "Give back", "u", asks=True),
)
_SPANS: Final = tuple(timedelta(minutes=m) for m in (5, 10, 15, 30, 60, 120, 240, 480, 720))


def answers(case: CaseRow, me: str) -> tuple[Answer, ...]:
    """The buttons that make sense now, for whoever looks."""
    taken, mine = case.state in TAKEN, case.owner == me
    wanted: Iterator[Answer] = (one for one in _ANSWERS if one.act in TRANSITIONS[case.state])
    if taken and not mine:
        wanted = (one for one in wanted if one.act == "unacknowledge")
    elif taken:
        wanted = (one for one in wanted if one.act != "acknowledge" or case.state == "snoozed")
    else:
        wanted = (one for one in wanted if one.act in {"acknowledge", "confirm", "decline"})
    return tuple(wanted)


def ask(event: str, case: CaseRow, me: str, names: Names) -> Ask | None:
    """The form of an answer, with what may be chosen; None where it needs none."""
    found = next((one for name, one in _ASKS.items() if name == event), None)
    if found is None:
        return None
    if found.act == "snooze":
        return replace(found, choices=_numbered(spans(case)))
    if found.act == "hand_over":
        people = [Choice(name, shown) for name, shown in names.items() if name != me]
        return replace(found, choices=_numbered(sorted(people, key=lambda one: one.label)))
    codes = [Choice(code, label) for code, label in REASONS[found.act].items()]
    note = " ".join(filter(None, (found.note, _NO_NAMES)))
    return replace(found, choices=_numbered(codes), words=_IN_WORDS, note=note)


def spans(case: CaseRow) -> list[Choice]:
    """How long a case of this severity may be snoozed, in steps."""
    allowed = [one for one in _SPANS if one <= SNOOZE_LIMIT[case.severity]]
    return [Choice(str(_minutes(one)), _length(one)) for one in allowed]


def _numbered(choices: list[Choice]) -> tuple[Choice, ...]:
    return tuple(replace(one, first=number == 0) for number, one in enumerate(choices))


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)


def _length(span: timedelta) -> str:
    hours, minutes = divmod(_minutes(span), 60)
    if minutes:
        return f"{_minutes(span)} minutes"
    return "1 hour" if hours == 1 else f"{hours} hours"
