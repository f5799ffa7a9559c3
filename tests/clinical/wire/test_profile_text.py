"""Feed profiles read from the text of their files."""

import pytest

from clinical.wire.code_maps import CodeMap
from clinical.wire.profile import ProfileError
from clinical.wire.profile_text import parse


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ('zonne = "UTC"', "unknown key `zonne`; the nearest is `zone`"),
        ("[limits]\nsegment = 3", "unknown limit `segment`; the nearest is `segments`"),
        ('name = "other"', "unknown key `name`"),
        ("zone = 5", "`zone` cannot be read: Expected `str`"),
        ('clock = "now"', "known are received, sent"),
        ('visit_number = "PV1-20"', "known are PV1-19, PV1-50, PID-18"),
        ('quirks = ["loud"]', "known are repeated_control_ids"),
        ('segments = ["PID"]', "names 'PID', which is no segment of a sender's own"),
        ('maps = ["../other.csv"]', "which is no CSV file beside the profile"),
        ('charset = "klingon"', "unknown character set 'klingon'"),
        ('zone = "Mars/Olympus"', "unknown time zone 'Mars/Olympus'"),
        ('processing_ids = "P"', "`processing_ids` cannot be read"),
        ("zone = ", "is not valid TOML"),
    ],
)
def test_what_cannot_be_used_is_named_with_the_remedy(toml, says):
    with pytest.raises(ProfileError) as caught:
        parse("ward", toml)
    assert says in str(caught.value)
    assert "`ward`" in str(caught.value)


def test_profile_of_no_words_has_every_default():
    profile = parse("ward", "")
    assert (profile.format, profile.zone, profile.visit_number) == ("hl7v2", "UTC", "PV1-19")
    assert profile.patient_number == ("MR", "MRN")


def test_fingerprint_tells_versions_apart_whichever_file_changed():
    codes = "code_system,code,concept\nL,P,heart_rate\n"
    versions = {
        parse("ward", *texts).fingerprint
        for texts in (
            ("",),
            ("# a comment\n",),
            ("", codes),
            ("", codes, "element\nZPV\n"),
            ("", codes, "element\nZPV\n", [CodeMap("all.csv", codes)]),
        )
    }
    assert len(versions) == 5
    assert parse("ward", "", codes).fingerprint == parse("ward", "", codes).fingerprint


def test_own_code_map_goes_before_a_shared_one():
    shared = CodeMap("all.csv", "code_system,code,concept\nL,P,heart_rate\nL,T,temperature\n")
    profile = parse("ward", "", "code_system,code,concept\nL,P,respiratory_rate\n", "", [shared])
    assert profile.rule_for("L", "P").concept == "respiratory_rate"
    assert profile.rule_for("L", "T").concept == "temperature"


def test_known_elements_are_read_and_need_their_column():
    assert parse("ward", "", "", "element\nZPV\nPID-39\n").known == {"ZPV", "PID-39"}
    with pytest.raises(ProfileError, match="needs the column `element`"):
        parse("ward", "", "", "elements\nZPV\n")
