"""Feed profiles from their files."""

import pytest

from clinical.wire.profile import ProfileError
from lakehouse.errors import FeedFileError, UnknownFeedError
from lakehouse.feeds import feed_names, load_profile

CODES = "code_system,code,concept,loinc_code,unit\nL,220045,heart_rate,8867-4,/min\n"


@pytest.fixture
def feeds(tmp_path):
    (tmp_path / "icu.toml").write_text('zone = "Europe/London"\n')
    (tmp_path / "icu_codes.csv").write_text(CODES)
    (tmp_path / "laboratory.toml").write_text("")
    return tmp_path


def test_profile_is_read_with_its_code_map(feeds):
    profile = load_profile("icu", feeds)
    assert (profile.name, profile.zone) == ("icu", "Europe/London")
    assert profile.rule_for("L", "220045").concept == "heart_rate"


def test_profile_without_a_code_map_is_whole(feeds):
    assert load_profile("laboratory", feeds).codes == {}
    assert feed_names(feeds) == ["icu", "laboratory"]


def test_file_with_a_byte_order_mark_is_read(feeds):
    (feeds / "icu.toml").write_text('\ufeffzone = "UTC"\n', encoding="utf-8")
    assert load_profile("icu", feeds).zone == "UTC"


def test_unknown_feed_names_the_nearest(feeds):
    with pytest.raises(UnknownFeedError, match="nearest: laboratory") as caught:
        load_profile("laboratry", feeds)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["../icu", "", "icu_codes", "ICU", "/etc/passwd"])
def test_name_that_is_no_profile_is_unknown(feeds, name):
    with pytest.raises(UnknownFeedError, match="unknown feed"):
        load_profile(name, feeds / "")


def test_directory_without_profiles_says_so(tmp_path):
    with pytest.raises(UnknownFeedError, match="holds no profile"):
        load_profile("icu", tmp_path / "missing")


def test_profile_that_is_not_utf_8_is_refused(feeds):
    (feeds / "icu_codes.csv").write_bytes(CODES.encode() + b"L,1,\xe9t\xe9\n")
    with pytest.raises(FeedFileError, match="is not UTF-8"):
        load_profile("icu", feeds)


def test_profile_that_cannot_be_used_is_refused(feeds):
    (feeds / "icu.toml").write_text('zonne = "UTC"\n')
    with pytest.raises(ProfileError, match="zonne"):
        load_profile("icu", feeds)
