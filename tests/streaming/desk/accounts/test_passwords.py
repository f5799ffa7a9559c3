"""Passwords: what is guessed first is refused, and what is kept is Argon2id.

Here: the rules. Not here: waiting between tries (test_throttling.py).
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.desk.accounts import passwords
from streaming.desk.accounts.passwords import LONGEST, SHORTEST, WeakPasswordError, weakness


@pytest.mark.parametrize(
    "password",
    [
        "fourteen chars",
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "1234567890123456",
        "qwertyuiopasdfghjkl",
        "lkjhgfdsapoiuytrewq",
        "Ada Lovelace Ada Lovelace",
        "pulsehousepulsehouse1",
        "x" + "ab cd ef gh" * 30,
    ],
)
def test_a_password_that_is_guessed_first_is_refused_with_the_way_to_mend_it(password):
    with pytest.raises(WeakPasswordError) as refused:
        passwords.hashed(password, "ada", "Ada Lovelace")
    assert password not in str(refused.value)


@pytest.mark.parametrize(
    "password",
    [
        "nine grey herons on a wall",
        "correcthorsebatterystaple",
        "ß Größe über alles 9",
        "一二三四五六七八九十百千万亿兆",
    ],
)
def test_any_characters_count_and_none_are_asked_for(password):
    assert weakness(password, "ada", "Ada Lovelace") is None


def test_the_shortest_password_has_fifteen_characters():
    word = "heron wall nine grey moon lake"
    assert weakness(word[:SHORTEST]) is None
    assert weakness(word[: SHORTEST - 1]) is not None


@given(st.text(min_size=LONGEST + 1, max_size=LONGEST + 50))
def test_a_password_that_is_too_long_is_never_hashed(password):
    assert weakness(password) is not None
    assert not passwords.is_right(password, None)


def test_what_is_kept_is_argon2id_and_salted():
    kept = passwords.hashed("nine grey herons on a wall")
    assert kept.startswith("$argon2id$")
    assert kept != passwords.hashed("nine grey herons on a wall")
    assert passwords.is_right("nine grey herons on a wall", kept)
    assert not passwords.is_right("nine grey herons on a wal", kept)


def test_the_same_word_from_another_keyboard_is_the_same_password():
    composed, decomposed = "caf\u00e9 am morgen um neun", "cafe\u0301 am morgen um neun"
    assert passwords.is_right(decomposed, passwords.hashed(composed))


def test_who_has_no_password_is_never_let_in():
    assert not passwords.is_right("a password that nobody has", None)
