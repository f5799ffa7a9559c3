"""Rows that do not fit into memory lie where nobody else reads, and not for long."""

import os
import stat
import subprocess
import sys
from pathlib import Path

from lakehouse.catalogue import cursor

LEAVES_AT_ONCE = """
import os
from lakehouse import spill
from lakehouse.catalogue import cursor

print(cursor().execute("select current_setting('temp_directory')").fetchone()[0], flush=True)
spill.remove()
os._exit(0)
"""


def test_engine_spills_into_a_folder_of_its_user_alone():
    place = Path(cursor().execute("select current_setting('temp_directory')").fetchone()[0])
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert place != Path.cwd()
    assert place.stat().st_uid == os.getuid()


def test_folder_goes_with_its_process(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-c", LEAVES_AT_ONCE],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert Path(ran.stdout.strip()).parent == tmp_path
    assert not list(tmp_path.iterdir())
