"""`pulsehouse gateway`: what cannot be is said at once, with what mends it."""

import socket

import pytest

from lakehouse.settings import Settings
from pulsehouse.failure import CommandError
from pulsehouse.gateway_settings import merged


def typed(mllp=(), http=(), *, drop=None, host=None, settings=None):
    return merged(settings or Settings(), mllp, http, drop=drop, host=host)


def test_what_is_typed_takes_the_place_of_the_setting(tmp_path):
    settings = Settings(mllp={"mimic3": 1}, http={"fhir_r4": 2}, host="::1")
    assert typed(settings=settings) == settings
    found = typed(["hl7_v2=2575", "mimic3=0"], drop=tmp_path, host="localhost", settings=settings)
    assert found.mllp == {"hl7_v2": 2575, "mimic3": 0}
    assert found.http == {"fhir_r4": 2}
    assert (found.drop, found.host) == (tmp_path, "localhost")


@pytest.mark.parametrize("pair", ["mimic3", "mimic3=", "=2575", "mimic3=x", "mimic3=-1", "a=²"])
def test_what_is_not_a_feed_and_a_port_is_a_usage_error(pair):
    with pytest.raises(CommandError, match="is not FEED=PORT") as raised:
        typed([pair])
    assert raised.value.exit_code == 2


def test_a_feed_has_one_port():
    with pytest.raises(CommandError, match="twice"):
        typed(http=["fhir_r4=1", "fhir_r4=2"])


USAGE = {
    "nothing": ([], {}, "give --mllp FEED=PORT, --http FEED=PORT or --drop DIR"),
    "FHIR by MLLP": (["--mllp", "fhir_r4=0"], {}, "by `http` instead"),
    "HL7 by HTTP": (["--http", "mimic3=0"], {}, "by `mllp` instead"),
    "unknown feed": (["--mllp", "mimc3=0"], {}, "nearest: mimic3"),
    "no port": (["--mllp", "mimic3=70000"], {}, "70000 is no port"),
    "plain text to others": (["--mllp", "mimic3=0", "--host", "192.0.2.7"], {}, "tls_certificate"),
    "no such certificate": (
        ["--mllp", "mimic3=0"],
        {"PULSEHOUSE_TLS_CERTIFICATE": "none.pem", "PULSEHOUSE_TLS_KEY": "none.key"},
        "`tls_certificate` with `tls_key` cannot be used",
    ),
}


@pytest.mark.parametrize(("options", "settings", "said"), USAGE.values(), ids=USAGE)
def test_a_gateway_that_cannot_be_is_a_usage_error(command, tmp_path, options, settings, said):
    done = command("gateway", "--lake", tmp_path / "lake", *options, **settings)
    assert done.code == 2
    assert said in done.err
    assert done.err.startswith("error: ")
    assert done.out == ""
    assert not (tmp_path / "lake" / "journal").exists()


def test_a_port_in_use_is_an_error_that_names_it(command, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = command("gateway", "--lake", tmp_path / "lake", "--mllp", f"mimic3={port}")
    assert done.code == 1
    assert f"cannot listen on 127.0.0.1 port {port} (`mllp`)" in done.err


def test_a_host_that_is_not_ours_is_an_error(command, tmp_path):
    settings = {"PULSEHOUSE_HOST": "127.0.0.1.example.invalid"}
    done = command("gateway", "--lake", tmp_path / "lake", "--mllp", "mimic3=0", **settings)
    assert done.code in (1, 2)
    assert "127.0.0.1.example.invalid" in done.err


def test_an_admin_port_in_use_is_an_error_that_names_its_setting(command, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = command(
            "gateway",
            *("--lake", tmp_path / "lake", "--mllp", "mimic3=0"),
            PULSEHOUSE_GATEWAY_ADMIN=str(taken.getsockname()[1]),
        )
    assert done.code == 1
    assert "gateway_admin" in done.err
