"""The jars of a real Apache Kafka broker: fetched once with Maven, kept outside the repository.

Here: where they lie, and fetching them. Not here: running them (broker.py).
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")
FETCH_SECONDS = 480


class NoBrokerError(Exception):
    """There can be no broker on this machine; the message says why."""


def jars() -> Path:
    """The folder of the jars that pom.xml names.

    Raises:
        NoBrokerError: Java or Maven is missing, or the jars cannot be fetched.
    """
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            msg = f"a Kafka broker needs `{program}`, which is not on this machine"
            raise NoBrokerError(msg)
    root = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pulsehouse-kafka"
    folder = root / hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        # Two test processes must not fetch into one folder.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    goal = [
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        f"-DoutputDirectory={partial}",
    ]
    try:
        done = subprocess.run(
            [str(shutil.which("mvn")), "--quiet", "--batch-mode", "--file", str(POM), *goal],
            capture_output=True,
            text=True,
            timeout=FETCH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        msg = f"Maven did not fetch Kafka's jars within {FETCH_SECONDS} s"
        raise NoBrokerError(msg) from None
    if done.returncode or not partial.is_dir():
        lines = (done.stdout + done.stderr).strip().splitlines() or ["no output"]
        msg = f"Maven could not fetch Kafka's jars: {lines[0]}"
        raise NoBrokerError(msg)
    partial.rename(folder)
