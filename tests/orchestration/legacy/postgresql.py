"""A PostgreSQL of the test's own: made, started and taken away again.

Here: finding its programs, and running them as a user that PostgreSQL accepts, also where the tests
run as root. Not here: what is read from it.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PASSWORD = "p@ss/w0rd"  # noqa: S105 of a database that lives as long as a test
PLACES = "/usr/lib/postgresql/*/bin/initdb"


def programs() -> Path:
    """The directory of initdb and pg_ctl; where there is none the test skips, in CI it fails."""
    found = sorted(Path("/").glob(PLACES.lstrip("/")))
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path))
    if found:
        return found[-1].parent
    reason = "PostgreSQL is not installed: apt-get install postgresql"
    if os.environ.get("PULSEHOUSE_REQUIRE_POSTGRESQL") or os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def running() -> Iterator[str]:
    """A fresh server; gives its URL, without the password's escapes undone."""
    bin_, port = programs(), _free_port()
    # Not below pytest's own folder: root alone may enter that.
    place = Path(tempfile.mkdtemp(prefix="pulsehouse-postgresql-"))
    try:
        (place / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            shutil.chown(place, "postgres")
            shutil.chown(place / "password", "postgres")
        _run(
            *(bin_ / "initdb", "-D", place / "db", "-U", "owner", "-E", "UTF8", "--no-sync"),
            *("--auth=scram-sha-256", f"--pwfile={place / 'password'}", "--no-locale"),
        )
        server = f"-c port={port} -c listen_addresses=127.0.0.1 -c fsync=off -k {place}"
        _run(bin_ / "pg_ctl", "-D", place / "db", "-w", "-o", server, "-l", place / "log", "start")
        try:
            yield f"postgresql://owner:p%40ss%2Fw0rd@127.0.0.1:{port}/postgres"
        finally:
            _run(bin_ / "pg_ctl", "-D", place / "db", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _run(*command: object) -> None:
    # PostgreSQL does not run as root.
    as_other = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
    words = [*as_other, *map(str, command)]
    # Not a pipe: the server would keep it open, and the wait for its end would never end.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(words, stdout=said, stderr=said, cwd="/", check=False)
        said.seek(0)
        assert done.returncode == 0, said.read().decode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
