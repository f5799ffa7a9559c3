"""Code maps: a feed's own rows before shared ones, and clashes that name both rows."""

import pytest

from clinical.wire.code_maps import CodeMap, code_rules
from clinical.wire.profile import CodeRule, ProfileError

HEAD = "code_system,code,concept,loinc_code,unit,source\n"


def written(name, *rows):
    return CodeMap(name, HEAD + "".join(f"{row}\n" for row in rows))


def test_a_feeds_own_row_goes_before_a_shared_one():
    own = written("ward_codes.csv", "L,K,potassium,,mmol/L,ward")
    site = written("site_labs.csv", "L,K,sodium,,,site", "L,NA,sodium,2951-2,mmol/L,site")
    assert code_rules("ward", own, [site]) == {
        ("L", "K"): CodeRule("potassium", None, "mmol/L"),
        ("L", "NA"): CodeRule("sodium", "2951-2", "mmol/L"),
    }


def test_two_shared_maps_that_contradict_each_other_are_an_error_with_both_rows():
    one = written("site.csv", "L,NA,sodium,,,", "L,K,potassium,,,")
    other = written("trust.csv", "L,K,sodium,,mmol/L,")
    with pytest.raises(ProfileError) as error:
        code_rules("ward", CodeMap("ward_codes.csv", ""), [one, other])
    assert "site.csv:3 and trust.csv:2 give 'L|K' two meanings" in str(error.value)
    assert "potassium and sodium mmol/L" in str(error.value)


def test_a_map_that_contradicts_itself_is_an_error_and_a_repeated_row_is_none():
    twice = written("ward_codes.csv", "L,K,potassium,,,a", "L,K,potassium,,,b")
    assert code_rules("ward", twice) == {("L", "K"): CodeRule("potassium")}
    with pytest.raises(ProfileError, match=r"ward_codes\.csv:2 and ward_codes\.csv:3"):
        code_rules("ward", written("ward_codes.csv", "L,K,potassium,,,", "L,K,potassium,,g,"))


def test_a_row_that_is_still_to_be_filled_in_says_nothing():
    own = written("ward_codes.csv", "L,X,,,,")
    assert code_rules("ward", own, [written("site.csv", "L,X,sodium,,,")]) == {
        ("L", "X"): CodeRule("sodium")
    }


def test_a_map_without_its_columns_is_named():
    with pytest.raises(ProfileError, match=r"site\.csv of feed profile `ward` needs the columns"):
        code_rules("ward", CodeMap("w.csv", ""), [CodeMap("site.csv", "code,concept\n1,sodium\n")])
