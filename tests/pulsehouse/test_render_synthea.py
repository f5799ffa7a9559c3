"""Synthea bundles as messages, read back with an independent parser."""

import gzip
import io
import json
from collections import Counter
from datetime import date

import pytest

from pulsehouse.render import synthea
from pulsehouse.render.outcome import RenderError
from tests.pulsehouse.render_sources import field, messages


@pytest.fixture
def folder(shared_data, tmp_path):
    place = tmp_path / "bundles"
    place.mkdir()
    for path in sorted((shared_data / "fhir_synthea_r4").glob("*.json.gz"))[:2]:
        (place / path.name).symlink_to(path)
    return place


def sources(folder):
    for path in sorted(folder.iterdir()):
        bundle = json.loads(gzip.decompress(path.read_bytes()))
        yield from (entry["resource"] for entry in bundle["entry"])


def rendered(folder):
    out = io.BytesIO()
    return synthea.render(folder, out), out.getvalue()


def test_every_resource_that_a_hospital_would_send_is_sent_once(folder):
    counts, batch = rendered(folder)
    sent = Counter()
    for message in messages(batch):
        kind = str(message["MSH.F9.R1.C2"])
        sent[kind] += 1
        for name in ("OBR", "OBX", "DG1", "PR1", "IAM", "RXA"):
            sent[name] += len(message[name]) if name in {str(s[0]) for s in message} else 0
    told = Counter(one["resourceType"] for one in sources(folder))
    stopped = sum(one.get("status") == "stopped" for one in sources(folder))
    assert sent["A01"] + sent["A04"] == sent["A03"] == told["Encounter"]
    assert sent["OBR"] == told["Observation"]
    assert sent["OBX"] == counts.observations >= told["Observation"]
    assert sent["O11"] == told["MedicationRequest"] + stopped
    assert (sent["DG1"], sent["PR1"]) == (told["Condition"], told["Procedure"])
    assert (sent["IAM"], sent["RXA"]) == (told["AllergyIntolerance"], told["Immunization"])


def test_messages_stand_in_order_and_have_numbers_of_their_own(folder):
    counts, batch = rendered(folder)
    found = list(messages(batch))
    moments = [str(message["MSH.F7"]) for message in found]
    assert moments == sorted(moments)
    assert len({str(message["MSH.F10"]) for message in found}) == len(found) == counts.messages
    assert counts.patients == 2


def test_death_is_not_known_before_it_happened(folder):
    _, batch = rendered(folder)
    for message in messages(batch):
        died = field(message["PID"][0], 29)
        assert not died or died[:14] <= str(message["MSH.F7"])


def test_folder_without_bundles_is_refused(tmp_path):
    with pytest.raises(RenderError, match="has no bundles"):
        synthea.render(tmp_path, io.BytesIO())


@pytest.mark.parametrize("content", ["", "{", "[]", '{"entry": []}', '{"entry": [{}]}'])
def test_file_that_is_no_bundle_is_refused_without_its_name(tmp_path, content):
    (tmp_path / "Jane_Roe.json").write_text(content)
    with pytest.raises(RenderError, match="file 1 of the folder") as refused:
        synthea.render(tmp_path, io.BytesIO())
    assert "Roe" not in str(refused.value)


def test_calendar_of_the_source_is_its_own(folder):
    with pytest.raises(RenderError, match="leave --align"):
        synthea.render(folder, io.BytesIO(), align=date(2026, 1, 5))


def test_command_renders_and_says_how_to_replay(command, folder, tmp_path):
    out = tmp_path / "feed.hl7.gz"
    done = command("render", "synthea", folder, out)
    assert done.code == 0
    assert "--feedhl7_v2" in "".join(done.out.split())
    assert command("render", "synthea", folder, out, "--extracts", tmp_path / "x").code != 0
