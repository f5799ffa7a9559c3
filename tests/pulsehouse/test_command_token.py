"""`pulsehouse token`: a token is shown once, and ended by its name."""

import json
import stat

import pytest


@pytest.fixture
def lake(tmp_path):
    return tmp_path / "lake"


def test_token_is_shown_once_and_only_its_digest_is_kept(command, lake):
    made = command("token", "create", "ward-7", "--feed", "fhir_r4", "--lake", lake)
    secret = made.out.strip()
    assert (made.code, len(secret.split())) == (0, 1)
    assert secret not in made.err
    file = lake / "tokens.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = "".join(path.read_text() for path in lake.iterdir() if path.is_file())
    assert secret.removeprefix("pulsehouse_") not in kept
    shown = command("token", "list", "--lake", lake)
    told = command("token", "list", "--lake", lake, "--json")
    (listed,) = json.loads(told.out)
    assert (listed["name"], listed["feed"], listed["state"]) == ("ward-7", "fhir_r4", "valid")
    digest = file.read_text().split('sha256 = "')[1].partition('"')[0]
    assert digest not in shown.out + told.out


def test_token_is_revoked_by_its_name_once(command, lake):
    command("token", "create", "ward-7", "--feed", "fhir_r4", "--lake", lake)
    command("token", "create", "ward-8", "--feed", "fhir_r4", "--lake", lake)
    assert command("token", "revoke", "ward-7", "--lake", lake).code == 0
    (left,) = json.loads(command("token", "list", "--lake", lake, "--json").out)
    assert left["name"] == "ward-8"
    again = command("token", "revoke", "ward-7", "--lake", lake)
    assert (again.code, "no token for 'ward-7'" in again.err) == (2, True)


CANNOT_BE = {
    "already": ("ward-7", "--feed", "fhir_r4"),
    "no name": ("../ward", "--feed", "fhir_r4"),
    "not FHIR": ("ward-9", "--feed", "mimic3"),
    "days at most": ("ward-9", "--feed", "fhir_r4", "--days", "99999"),
}


def test_token_that_cannot_be_is_refused_with_a_reason(command, lake):
    command("token", "create", "ward-7", "--feed", "fhir_r4", "--lake", lake)
    for why, words in CANNOT_BE.items():
        done = command("token", "create", *words, "--lake", lake)
        assert (done.code, done.out) == (2, "")
        assert why in done.err
