"""An environment for each peer that the project does not have itself.

Here: making it once from its file in `requirements/`, and again when that changes. Not here: which
peer needs which (tools.py).
"""

import subprocess
import sys
from hashlib import blake2b
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_PLACE, _FILES = ROOT / ".peers", HERE / "requirements"
_MADE = ".made-from"


class NotInstalledError(Exception):
    """An environment could not be made; the text is the installer's last line."""


def python(name: str | None) -> Path:
    """The interpreter of an environment; None is the one that runs.

    Raises:
        NotInstalledError: It cannot be made here.
    """
    if name is None:
        return Path(sys.executable)
    place, file = _PLACE / name, _FILES / f"{name}.txt"
    mark, digest = place / _MADE, blake2b(file.read_bytes(), digest_size=16).hexdigest()
    interpreter = place / "bin" / "python"
    if not mark.exists() or mark.read_text(encoding="ascii") != digest:
        if not interpreter.exists():
            _uv("venv", "--quiet", "--python", sys.executable, str(place))
        _uv("pip", "install", "--quiet", "--python", str(interpreter), "-r", str(file))
        mark.write_text(digest, encoding="ascii")
    return interpreter


def _uv(*words: str) -> None:
    done = subprocess.run(  # noqa: S603 our own arguments
        [sys.executable, "-m", "uv", *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise NotInstalledError(lines[-1])
