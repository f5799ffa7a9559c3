"""Anchors of the audit: heads that are kept outside the store.

Here: a file of numbers and hashes, one line each, that only grows. Not here: the chain that they
hold fast (chain.py).

Who can write to the store can make a whole chain anew that holds in itself. It does not hold
against an anchor: copy the file to where the store's writers cannot reach.
"""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lakehouse.errors import AuditError
from streaming.desk.auditing.chain import Head

FILE: Final = Path("desk") / "audit.anchors"
# An anchor stands at least this often; fewer entries than this at the end have none.
EVERY: Final = 100


class Anchors:
    """The anchors of one desk, in a directory of its lake."""

    def __init__(self, root: Path, kept: Path | None = None) -> None:
        """Args: root: The lake's directory. kept: A file to read instead of the lake's own."""
        self._path = root / FILE
        self._kept = kept or self._path
        self._lock = threading.Lock()
        self._next = 0

    def keep(self, head: Head) -> None:
        """Keep a head where it is time for one."""
        if head.number >= self._next:
            self.keep_now(head)

    def keep_now(self, head: Head) -> None:
        """Keep a head, on the disk.

        Raises:
            AuditError: It cannot be written.
        """
        if head.sha256 is None:
            return
        with self._lock:
            self._next = head.number // EVERY * EVERY + EVERY
            try:
                self._append(f"{head.number} {head.sha256}\n".encode())
            except OSError as error:
                reason = os.strerror(error.errno or 0)
                msg = f"cannot write the anchors of the audit in {self._path}: {reason}"
                raise AuditError(msg) from error

    def kept(self) -> Mapping[int, str]:
        """Hash by number.

        Raises:
            AuditError: The file cannot be read, or a line is none of ours.
        """
        try:
            lines = self._kept.read_text(encoding="ascii").splitlines()
            pairs = (line.split() for line in lines)
            return {int(number): sha256 for number, sha256 in pairs}
        except FileNotFoundError:
            if self._kept != self._path:
                msg = f"there is no file {self._kept}; check the path of the anchors"
                raise AuditError(msg) from None
            return {}
        except (OSError, ValueError) as error:
            msg = f"the anchors of the audit in {self._kept} cannot be read; restore the file"
            raise AuditError(msg) from error

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, line)
            os.fsync(file)
        finally:
            os.close(file)
