"""What leaves the house in words: little, the same on every road, and nothing of a patient.

Here: the subject and the text of a notification. Not here: how either is carried (the channels), or
what the board shows to who has logged in (pages/).

A text may say how grave it is, on which unit, since when and what is asked. Who it is about is for
those who follow the link and log in. A receiver may ask for the rule's title too (`tells: rule`):
it names a suspicion, so that it is for roads that the hospital trusts.
"""

from typing import Final

from streaming.desk.channels.channel import Kind, Notification

_ASKED: Final[dict[Kind, str]] = {
    "new": "New alert",
    "worse": "Alert got worse",
    "escalation": "Nobody has taken this alert",
    "handed_over": "An alert is handed over to you",
    "retracted": "Alert taken back: what it rested on no longer stands",
    "technical": "Technical alarm",
    "drill": "DRILL, not a real alert",
}
TELLS: Final = ("unit", "rule")


def subject(notification: Notification) -> str:
    """One line: how grave, what is asked, where."""
    where = f", {notification.unit}" if notification.unit else ""
    return f"{notification.severity.upper()}: {_ASKED[notification.kind]}{where}"


def text(notification: Notification, tells: str = TELLS[0]) -> str:
    """A few lines: since when, how late this is, and where to take it."""
    lines = [f"{subject(notification)}."]
    # A technical alarm is about a feed or a component, whose name is the whole message.
    if tells == "rule" or notification.kind == "technical":
        lines.append(f"{notification.title}.")
    lines.append(f"Raised {notification.raised_at:%Y-%m-%d %H:%M:%S}Z.")
    if notification.delayed_seconds:
        lines.append(f"This message is delayed by {notification.delayed_seconds} s.")
    lines.append(f"Who it is about, and to take it (login): {notification.link}")
    return "\n".join(lines)
