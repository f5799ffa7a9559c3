"""Receivers of a routes file become channels, or say what is wrong with them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from lakehouse.errors import SettingsError
from streaming.desk.channels.electronic_mail import Mail
from streaming.desk.channels.opening import KINDS, opened
from streaming.desk.channels.webhook import Webhook

KEPT = "of-the-test"


@dataclass(frozen=True)
class Named:
    kind: str
    options: dict[str, Any] = field(default_factory=dict)
    name: str = "night_pager"


def now():
    return datetime(2026, 1, 1, tzinfo=UTC)


def test_a_secret_comes_from_the_environment():
    told = Named("webhook", {"url": "https://x.example", "secret_env": "HOOK"})
    channel = opened(told, now, {"HOOK": KEPT})
    assert isinstance(channel, Webhook)
    assert channel.secret == KEPT


def test_a_secret_comes_from_a_file(tmp_path):
    (tmp_path / "secret").write_text(KEPT + "\n")
    options = {"host": "mail", "sender": "a@b.example", "secret_file": str(tmp_path / "secret")}
    channel = opened(Named("email", options), now, {})
    assert isinstance(channel, Mail)
    assert channel.secret == KEPT


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (Named("webhok"), "near: `webhook`"),
        (Named("webhook", {"url": "https://x", "secret": "abc"}), "holds a secret"),
        (Named("webhook", {"url": "https://x"}), "secret_env or secret_file"),
        (Named("webhook", {"url": "https://x", "secret_env": "NOT"}), "`NOT`"),
        (Named("hl7", {"host": "ehr", "port": 70_000}), "option `port`"),
        (Named("email", {"host": "m", "sender": "a@b", "colour": "red"}), "option `colour`"),
        (Named("pagerduty", {"secret_file": "nowhere/at/all"}), "cannot be read"),
    ],
)
def test_what_is_wrong_is_named_and_no_value_told(told, says):
    with pytest.raises(SettingsError) as refused:
        opened(told, now, {})
    assert says in str(refused.value)
    assert "night_pager" in str(refused.value)
    assert "abc" not in str(refused.value)


def test_every_kind_names_what_it_lacks():
    for kind in KINDS:
        if kind == "pagerduty":
            continue
        with pytest.raises(SettingsError, match="night_pager"):
            opened(Named(kind), now, {})
