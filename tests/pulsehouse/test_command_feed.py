"""`pulsehouse feed new` and `check`: a sample becomes a profile, and a profile is held to it."""

import csv
import gzip
import json
from datetime import UTC, datetime

import pytest

from lakehouse.errors import UnknownFeedError
from lakehouse.feed_elements import Seen, record_elements
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from pulsehouse import feed_drift
from pulsehouse.failure import CommandError
from pulsehouse.feed_check import report
from pulsehouse.feed_coverage import coverage
from pulsehouse.feed_evidence import evidence
from pulsehouse.feed_new import propose, run
from pulsehouse.feed_sample import sample_of
from pulsehouse.status_report import status
from streaming.replay import replay

SECRETS = ("Gamp", "Sairey", "00471199", "19431207", "Kingsgate", "CTRL-7", "88.25")


def oru(number=1, *, sent="20260105120000", extra="", pid3="00471199^^^NORTH^MR", charset=""):
    return (
        f"MSH|^~\\&|LAB|WARD9|||{sent}||ORU^R01|CTRL-7{number}|P|2.5||||||{charset}\r"
        f"PID|1||{pid3}||Gamp^Sairey||19431207|F|||1 Kingsgate St^^London\r"
        "PV1|1|I|W1^R1^B1||||||||||||||||V19\r"
        "OBR|1||O1|L1^Panel|||20260105115500\r"
        "OBX|1|NM|8867-4^Heart rate^LN||88.25|/min|||||F|||20260105115500\r"
        "OBX|2|NM|PULSE^Pulse rate^L||88.25|bpm|||||F\r"
        "OBX|3|NM|2160-0^Creatinine^LN||1.1|mg per dl|||||F\r"
        f"{extra}"
    )


def write(folder, text, name="sample.hl7", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    return path


def proposed(folder, text, **how):
    return propose("north", sample_of(write(folder, text, **how)))


def value(found, key):
    return found.told["keys"][key]["value"]


def why(found, key):
    return " ".join(found.told["keys"][key]["why"])


def test_sample_becomes_files_that_load_and_hold_no_patient(tmp_path, command):
    sample = write(tmp_path, oru(1) + oru(2, extra="ZPV|1|Sairey\r"))
    done = command("feed", "new", "north", "--from", sample, "--dir", tmp_path / "feeds")
    assert done.code == 0
    profile = load_profile("north", tmp_path / "feeds")
    assert (profile.format, profile.segments) == ("hl7v2", ("ZPV",))
    assert {"ZPV", "ZPV-2", "OBX-14"} <= profile.known
    rows = csv.DictReader((tmp_path / "feeds" / "north_codes.csv").open())
    (told,) = rows
    assert (told["code"], told["concept"], told["name"]) == ("PULSE", "", "Pulse rate")
    assert told["units"] == "bpm"
    assert told["proposals"].startswith("heart_rate (")
    written = "".join(path.read_text() for path in (tmp_path / "feeds").iterdir())
    assert [secret for secret in SECRETS if secret in written + done.out + done.err] == []


def test_json_tells_all_and_a_dry_run_writes_nothing(tmp_path, command):
    sample = write(tmp_path, oru())
    done = command(
        *("feed", "new", "north", "--from", sample),
        *("--dir", tmp_path / "feeds", "--dry-run", "--json"),
    )
    told = json.loads(done.out)
    assert told["written"] == []
    assert not (tmp_path / "feeds").exists()
    assert told["unmapped_codes"][0]["code"] == "PULSE"
    assert [secret for secret in SECRETS if secret in done.out] == []


def test_check_tells_what_is_not_understood_and_nothing_once_it_is(tmp_path, command):
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    sample = write(tmp_path, oru(1) + oru(2))
    for path, text in propose("north", sample_of(sample)).files(feeds).items():
        path.write_text(text)
    profile, taken = load_profile("north", feeds), sample_of(sample)
    told = report(profile, taken, coverage(taken, profile), evidence(taken.messages, profile))
    assert told["understood"] == {"codes": 66.7, "units": 50.0, "answers": 100.0, "times": 100.0}
    assert told["not_scored"] == {"unmapped_code": 2, "unknown_unit": 2}
    assert len(told["problems"]) == 2
    (feeds / "north_codes.csv").write_text("code_system,code,concept\nL,PULSE,heart_rate\n")
    with (feeds / "north.toml").open("a") as file:
        file.write('[units]\n"mg per dl" = "mg/dL"\nbpm = "/min"\n')
    done = command("feed", "check", "north", sample, "--dir", feeds)
    assert done.code == 0
    assert "everything is understood" in done.out
    assert [secret for secret in SECRETS if secret in done.out] == []


@pytest.mark.parametrize("form", ["gzip", "mllp", "batch", "lf"])
def test_sample_may_be_packed_framed_or_in_a_batch(tmp_path, form):
    text = oru(1) + oru(2)
    packed = {
        "gzip": lambda: gzip.compress(text.encode()),
        "mllp": lambda: b"".join(b"\x0b" + oru(n).encode() + b"\x1c\r" for n in (1, 2)),
        "batch": f"FHS|^~\\&|A\rBHS|^~\\&|A\r{text}BTS|2\rFTS|1\r".encode,
        "lf": lambda: text.replace("\r", "\n").encode(),
    }[form]()
    found = proposed(tmp_path, packed)
    assert found.told["messages"] == 2
    assert found.told["types"] == {"ORU^R01": 2}


def test_offsets_are_evidence_of_the_zone_and_never_applied(tmp_path):
    found = proposed(
        tmp_path,
        oru(1, sent="20260105120000+0100")
        + oru(2, sent="20260705120000+0200")
        + oru(3, sent="20260705120000"),
    )
    assert value(found, "zone") == "UTC"
    assert "Europe/Berlin" in why(found, "zone")
    assert "Europe/London" not in why(found, "zone")
    assert "+0100 1, +0200 1" in why(found, "zone")


@pytest.mark.parametrize(
    ("encoding", "chosen"), [("utf-8", "utf-8"), ("latin-1", "iso8859-1"), ("cp1252", "cp1252")]
)
def test_character_set_is_told_by_the_bytes(tmp_path, encoding, chosen):
    letters = "é\u2013" if encoding == "cp1252" else "é"
    found = proposed(tmp_path, oru(extra=f"NTE|1||{letters}\r"), encoding=encoding)
    assert value(found, "charset") == chosen
    assert found.told["problems"][0].startswith("1 observations are not scored")


def test_identifier_types_visit_number_and_repeated_control_ids_are_told(tmp_path):
    listed = "12^^^AA^PI~34^^^BB^MR"
    one = oru(1, pid3=listed).replace("||||||||||||||||V19", "")
    found = proposed(tmp_path, one + oru(2, pid3=listed) + oru(2, pid3=listed, extra="NTE|1\r"))
    assert value(found, "patient_number") == ["MR"]
    assert "PI 3" in why(found, "patient_number")
    assert "PV1-19 in 2" in why(found, "visit_number")
    assert value(found, "quirks") == []
    assert "1 messages under a control id" in why(found, "quirks")


@pytest.mark.parametrize("sent", ["T", "D"])
def test_sample_that_a_live_feed_would_refuse_is_something_to_do(tmp_path, command, sent):
    feeds, text = tmp_path / "feeds", oru().replace("|P|2.5", f"|{sent}|2.5")
    sample = write(tmp_path, text)
    done = command("feed", "new", "north", "--from", sample, "--dir", feeds)
    says = f"live, every message would be refused: MSH-11 is {sent}"
    assert says in done.out
    profile = (feeds / "north.toml").read_text()
    assert f'# processing_ids = ["{sent}"]\nprocessing_ids = ["P"]' in profile
    checked = command("feed", "check", "north", sample, "--dir", feeds)
    assert f"to do: {says}" in checked.out + checked.err


def test_sample_of_which_a_part_is_for_training_is_nothing_to_do(tmp_path):
    found = proposed(tmp_path, oru(1) + oru(2).replace("|P|2.5", "|T|2.5"))
    assert "refused" not in " ".join([*found.told["problems"], found.toml])


def test_visit_number_is_looked_for_where_it_is(tmp_path):
    moved = oru().replace("PV1|1|I|W1^R1^B1||||||||||||||||V19", "PV1|1|I|W1" + "|" * 47 + "V50")
    assert value(proposed(tmp_path, moved), "visit_number") == "PV1-50"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("North", oru(), "is no name of a feed"),
        ("north_codes", oru(), "is no name of a feed"),
        ("taken", oru(), "is there already and is not overwritten"),
        ("north", "once upon a time", "is neither HL7 v2"),
        ("north", "", "is neither HL7 v2"),
        ("north", oru().encode("utf-16-be"), "is in UTF-16BE, which is not read"),
        ("north", b"\x1f\x8bbroken", "cannot read the sample"),
    ],
)
def test_what_cannot_be_is_an_error_by_name(tmp_path, name, content, says):
    (tmp_path / "taken.toml").write_text("")
    sample = write(tmp_path, content)
    with pytest.raises(CommandError, match=says):
        run(name, sample, tmp_path, None, dry_run=False, as_json=False)
    assert not (tmp_path / "north.toml").exists()


def test_zone_that_is_none_is_an_error(tmp_path):
    sample = write(tmp_path, oru())
    with pytest.raises(CommandError, match="is no time zone"):
        run("north", sample, tmp_path, "Mars/Olympus", dry_run=False, as_json=False)


def test_sample_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(CommandError, match="no file or directory"):
        sample_of(tmp_path / "nowhere.hl7")


def test_segments_are_read_kept_or_to_be_named(tmp_path):
    sample = sample_of(write(tmp_path, oru(extra="NK1|1|Gamp\rZPV|1\r")))
    (tmp_path / "ward.toml").write_text("")
    profile = load_profile("ward", tmp_path)
    told = report(profile, sample, coverage(sample, profile), evidence(sample.messages, profile))
    states = {row["segment"]: row["state"] for row in told["segments"]}
    assert (states["OBX"], states["NK1"]) == ("read", "kept")
    assert states["ZPV"] == "not named in the profile"
    assert any("ZPV" in problem for problem in told["problems"])


PATIENT = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Gamp"}], "gender": "female"}
HEART_RATE = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2026-01-05T12:00:00Z",
    "valueQuantity": {"value": 88.25, "unit": "/min", "code": "/min"},
}


def test_fhir_sample_becomes_a_profile_with_its_elements(tmp_path):
    lines = "\n".join(map(json.dumps, (PATIENT, HEART_RATE))).encode()
    found = proposed(tmp_path, lines, name="sample.ndjson")
    assert 'format = "fhir"' in found.toml
    assert "Observation.valueQuantity" in found.known_csv
    texts = found.toml + found.codes_csv + found.known_csv
    assert [secret for secret in SECRETS if secret in texts] == []


def test_validation_by_the_models_names_the_element_and_no_value(tmp_path, command):
    wrong = {**HEART_RATE, "status": ["Gamp"], "effectiveDateTime": "Kingsgate"}
    sample = write(tmp_path, "\n".join(map(json.dumps, (PATIENT, wrong))), name="s.ndjson")
    done = command("feed", "check", "fhir_r4", sample, "--validate", "--json")
    assert done.code == 3
    faults = [row["fault"] for row in json.loads(done.out)["invalid"]]
    assert any(fault.startswith("effectiveDateTime:") for fault in faults)
    assert [secret for secret in SECRETS if secret in done.out] == []


def test_drift_of_replayed_files_is_told_once(tmp_path, command):
    (tmp_path / "north.toml").write_text('clock = "sent"\n')
    profile, lake = load_profile("north", tmp_path), Lake.open(tmp_path / "lake", create=True)
    for number, extra in enumerate(("", "ZPI|1|Sairey\r", "ZPI|2|Gamp\r"), 1):
        texts = (oru(number, sent=f"202601{number * 2:02}1200", extra=extra), "sample.hl7")
        replay(lake, profile, [write(tmp_path, *texts)])
    assert [row["element"] for row in status(lake.root)["drift"]] == ["ZPI"]
    done = command("feed", "drift", "north", "--lake", lake.root, "--json")
    assert [row["element"] for row in json.loads(done.out)["elements"]] == ["ZPI"]
    assert [secret for secret in SECRETS if secret in done.out] == []


def test_drift_of_fhir_speaks_of_resource_types(tmp_path, command):
    lake = Lake.open(tmp_path / "lake", create=True)
    seen = [("Device", "segment"), ("Device.status", "field")]
    at = datetime(2026, 1, 5, tzinfo=UTC)
    record_elements(lake, "ward", [Seen(*one, True, at, 0, 0) for one in seen])
    for told in (("feed", "drift", "ward"), ("status",)):
        out = command(*told, "--lake", lake.root).out
        assert "resource type" in out
        assert "segment" not in out


def test_feed_of_which_nothing_is_known_is_an_error(tmp_path):
    Lake.open(tmp_path / "lake", create=True)
    with pytest.raises(UnknownFeedError, match="unknown feed 'south'"):
        feed_drift.run("south", tmp_path / "lake", everything=False, as_json=False)
