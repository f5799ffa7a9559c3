"""Bearer tokens: who is let in, and a file that lets nobody in when it cannot be trusted."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.gateway.tokens import Tokens, TokensError, load
from streaming.gateway.tokens_verdict import WRITE, Verdict, digest_of, judge, new_token
from tests.streaming.gateway.fhir_serving import FEED, observation, served, token, write_tokens

NOW = datetime.now(UTC)
PAST = timedelta(seconds=-1)


def _verdict(authorization, *tokens, feed=FEED, now=NOW):
    return judge(tokens, authorization, feed, WRITE, now)


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with served(tmp_path_factory.mktemp("tokens")) as port:
        yield port


def test_token_lets_in_until_the_moment_it_expires():
    secret = new_token()
    known = token(digest=digest_of(secret))
    assert _verdict(f"Bearer {secret}", known) is Verdict.ALLOWED
    assert _verdict(f"bearer  {secret} ", known) is Verdict.ALLOWED
    assert _verdict(f"Bearer {secret}", known, now=known.expires) is Verdict.EXPIRED


def test_token_lets_into_its_own_feed_and_scope_alone():
    secret = new_token()
    assert _verdict(f"Bearer {secret}", token(digest=digest_of(secret), feed="x")) is (
        Verdict.OTHER_FEED
    )
    assert _verdict(f"Bearer {secret}", token(digest=digest_of(secret), scopes=())) is (
        Verdict.OTHER_SCOPE
    )


@given(st.none() | st.text() | st.text().map("Bearer {}".format))
def test_nothing_but_the_token_itself_lets_in(sent):
    secret = new_token()
    known = token(digest=digest_of(secret))
    assert _verdict(sent, known) in {Verdict.MISSING, Verdict.UNKNOWN}
    assert _verdict(f"Bearer {known.digest}", known) is Verdict.UNKNOWN


@given(st.lists(st.sampled_from("abcdefgh"), unique=True), st.integers(1, 10**6))
def test_tokens_that_are_saved_are_those_that_are_loaded(tmp_path_factory, names, minutes):
    path = tmp_path_factory.mktemp("saved") / "tokens.toml"
    expires = timedelta(minutes=minutes)
    written = [token(name, digest=digest_of(name), lives=expires) for name in names]
    write_tokens(path, *written)
    read = load(path)
    assert [one.name for one in read] == names
    for was, is_now in zip(written, read, strict=True):
        assert abs(was.expires - is_now.expires) < timedelta(seconds=1)
        assert (was.digest, was.feed, was.scopes) == (is_now.digest, is_now.feed, is_now.scopes)


def test_file_that_is_not_there_holds_no_token(tmp_path):
    assert Tokens(tmp_path / "tokens.toml").known() == ()


def test_file_is_read_again_when_it_changes(tmp_path):
    path = tmp_path / "tokens.toml"
    tokens = Tokens(path)
    for names in (("a",), ("a", "b"), ()):
        write_tokens(path, *map(token, names))
        assert tuple(one.name for one in tokens.known()) == names
    path.unlink()
    assert tokens.known() == ()


def test_file_that_others_may_read_lets_nobody_in(tmp_path):
    path = tmp_path / "tokens.toml"
    write_tokens(path, token())
    read_before = Tokens(path)
    assert read_before.known()
    path.chmod(0o640)
    with pytest.raises(TokensError, match="chmod 600"):
        load(path)
    with pytest.raises(TokensError, match="chmod 600"):
        read_before.known()


WHOLE = (
    'name="a"\nsha256="'
    + "0" * 64
    + '"\nfeed="f"\nscopes=["write"]\nexpires=2030-01-01T00:00:00Z\n'
)


@pytest.mark.parametrize(
    "text",
    [
        "[[token]",
        "other = 1",
        "token = 3",
        "token = [3]",
        "[[token]]\n" + WHOLE.replace('"a"', '"../a"'),
        "[[token]]\n" + WHOLE.replace("0" * 64, "secret"),
        "[[token]]\n" + WHOLE.replace("write", "admin"),
        "[[token]]\n" + WHOLE.replace("2030-01-01T00:00:00Z", "2030-01-01T00:00:00"),
        "[[token]]\n" + WHOLE.replace("2030-01-01T00:00:00Z", '"never"'),
        "[[token]]\n" + WHOLE + "more = 1\n",
        "[[token]]\n" + WHOLE + "[[token]]\n" + WHOLE,
        "\x00",
    ],
)
def test_file_that_is_not_whole_lets_nobody_in(tmp_path, text):
    path = tmp_path / "tokens.toml"
    write_tokens(path)
    path.write_text(text)
    with pytest.raises(TokensError, match="tokens"):
        load(path)


@pytest.mark.parametrize("path", ["/", "/Observation", "/Observation/1", "/metadata", "/nowhere"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_no_route_answers_without_a_token(port, method, path):
    response = port.client.request(method, path, headers={"authorization": ""})
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer ")
    assert response.json()["issue"][0]["details"]["text"] == "no_token"


def test_refusals_tell_which_mistake_it_is_and_log_no_token(tmp_path, capfd):
    secrets = {kind: new_token() for kind in ("expired_token", "other_feed", "other_scope")}
    with served(tmp_path) as port:
        write_tokens(
            port.tokens,
            token("a", digest=digest_of(secrets["expired_token"]), lives=PAST),
            token("b", digest=digest_of(secrets["other_feed"]), feed="elsewhere"),
            token("c", digest=digest_of(secrets["other_scope"]), scopes=()),
        )
        for kind, secret in (*secrets.items(), ("unknown_token", port.secret)):
            answer = port.post("/Observation", observation(), authorization=f"Bearer {secret}")
            status = 403 if kind.startswith("other") else 401
            assert answer.status_code == status
            assert answer.json()["issue"][0]["details"]["text"] == kind
        assert port.stored() == []
    told = "".join(capfd.readouterr())
    assert "not_let_in" in told
    assert [kind for kind, secret in secrets.items() if secret in told] == []


def test_revoked_token_is_refused_at_the_next_request_of_an_open_connection(tmp_path):
    with served(tmp_path) as port:
        assert port.post("/Observation", observation(1)).status_code == 201
        write_tokens(port.tokens)
        assert port.post("/Observation", observation(2)).status_code == 401
        assert port.stored() == [observation(1)]


def test_file_that_cannot_be_used_asks_senders_to_come_again(tmp_path):
    with served(tmp_path) as port:
        port.tokens.write_text("torn = ")
        answer = port.post("/Observation", observation())
        assert (answer.status_code, port.stored()) == (503, [])
        assert int(answer.headers["retry-after"]) > 0
