"""A tether: the command that follows dies with the process that started it.

Here: asking the kernel for it, then becoming that command. Run by its path, without the rest of the
house: it needs nothing but Python itself. Not here: what is started (supervising.py).

    python tether.py PARENT COMMAND...

The kernel keeps the wish when a process becomes another command, so that there is no moment at
which the parent could die unseen: who asks too late finds that it has another parent.
"""

import ctypes
import os
import signal
import sys

SET_PARENT_DEATH_SIGNAL = 1


def main(parent: str, *command: str) -> None:
    """Become the command, tied to the parent's life."""
    libc = ctypes.CDLL(None, use_errno=True)
    # Killed outright: everything that is tied is safe to kill, and nothing may outlive its log.
    if libc.prctl(SET_PARENT_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel does not tie a process to its parent")
    if os.getppid() == int(parent):
        os.execv(command[0], command)  # noqa: S606 what our own parent started us for


if __name__ == "__main__":
    main(*sys.argv[1:])
