"""Profiles that may change while they are in use."""

import os

import pytest

from lakehouse.feed_versions import FeedVersions


@pytest.fixture
def feeds(tmp_path):
    (tmp_path / "icu.toml").write_text('zone = "Europe/London"\n')
    (tmp_path / "laboratory.toml").write_text("")
    return tmp_path


def rested(versions):
    """What two looks find: a file that is being written is not read."""
    return [*versions.look(), *versions.look()]


def write(path, text):
    path.write_text(text)
    # A coarse clock of a file system must not hide a change.
    stamp = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(stamp, stamp))


def test_nothing_changed_says_nothing(feeds):
    versions = FeedVersions(feeds)
    assert rested(versions) == []
    assert list(versions) == ["icu", "laboratory"]


def test_changed_profile_is_in_force_once_it_is_taken_up(feeds):
    versions = FeedVersions(feeds)
    write(feeds / "icu.toml", 'zone = "UTC"\n')
    assert [(change.feed, change.what) for change in rested(versions)] == [("icu", "changed")]
    assert versions["icu"].zone == "Europe/London"
    versions.take_up("icu")
    assert versions["icu"].zone == "UTC"
    assert versions.take_up("icu") is None


def test_file_that_is_still_being_written_is_not_read(feeds):
    versions = FeedVersions(feeds)
    for text in ("zo", "zone = ", 'zone = "UTC"\n'):
        write(feeds / "icu.toml", text)
        assert versions.look() == []
    assert [change.what for change in versions.look()] == ["changed"]


def test_file_that_was_only_touched_changes_nothing(feeds):
    versions = FeedVersions(feeds)
    write(feeds / "icu.toml", (feeds / "icu.toml").read_text())
    assert rested(versions) == []


def test_code_map_beside_the_profile_is_part_of_it(feeds):
    versions = FeedVersions(feeds)
    write(feeds / "icu_codes.csv", "code_system,code,concept\nL,P,heart_rate\n")
    assert [change.feed for change in rested(versions)] == ["icu"]
    versions.take_up_all()
    assert versions["icu"].rule_for("L", "P").concept == "heart_rate"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('zonne = "UTC"', "the nearest is `zone`"),
        ("zone = 5", "`zone` cannot be read"),
        ('format = "fhir"', "needs a start anew"),
        ('zone = "Mars/Olympus"', "unknown time zone"),
    ],
)
def test_broken_version_is_told_once_and_the_one_before_stays(feeds, text, says):
    versions = FeedVersions(feeds)
    write(feeds / "icu.toml", text)
    (change,) = rested(versions)
    assert change.what == "broken"
    assert says in change.detail
    assert rested(versions) == []
    versions.take_up_all()
    assert versions["icu"].zone == "Europe/London"
    write(feeds / "icu.toml", 'zone = "Europe/London"\n')
    assert [change.what for change in rested(versions)] == ["mended"]
    assert versions.faults == {}


def test_unknown_concept_in_a_code_map_is_a_fault(feeds):
    versions = FeedVersions(feeds)
    write(feeds / "icu_codes.csv", "code_system,code,concept\nL,P,heart_speed\n")
    assert [change.what for change in rested(versions)] == ["broken"]


def test_profile_that_is_gone_stays_in_force_and_is_a_fault(feeds):
    versions = FeedVersions(feeds)
    (feeds / "icu.toml").unlink()
    assert [change.what for change in rested(versions)] == ["broken"]
    assert versions["icu"].zone == "Europe/London"


def test_feed_that_comes_later_is_a_newcomer_until_it_is_taken_up(feeds):
    versions = FeedVersions(feeds)
    write(feeds / "ward.toml", "")
    rested(versions)
    assert versions.newcomers() == ["ward"]
    assert "ward" not in versions
    versions.take_up_all()
    assert versions.newcomers() == []
    assert versions["ward"].name == "ward"


def test_profile_that_was_broken_from_the_start_is_a_fault(feeds):
    (feeds / "icu.toml").write_text("zonne = 1")
    versions = FeedVersions(feeds)
    assert list(versions) == ["laboratory"]
    assert "zonne" in versions.faults["icu"]
