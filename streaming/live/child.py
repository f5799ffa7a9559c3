"""One of several processes of a stream, as `cluster.py` starts it.

Here: from the words on standard input to a member, and from its error to a line on standard output.
Not here: what a member does (member.py).
"""

import json
import os
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.lock import NAME, Holding
from lakehouse.settings import Settings
from streaming.admin import AdminServer
from streaming.live.member import Deployment, Member, Share
from streaming.live.stopping import Stopping
from streaming.live.telling import Telling
from streaming.logs import configure


def main() -> int:
    """Be what standard input says, until a signal, an error, or the end of our parent."""
    words = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    configure("stream", os.fdopen(words["log"], "w", encoding="utf-8"))
    try:
        with Stopping().listening() as stopping:
            member = Member(_deployment(words, stopping))
            with closing(AdminServer(0, member.condition.health)) as admin:
                _say(port=admin.port)
                member.run()
    except LakehouseError as error:
        _say(error=str(error))
        return error.exit_code
    except Exception as error:
        # Its text may hold a patient's value.
        _say(error=f"a process of the stream failed with an unexpected {type(error).__name__}")
        return 1
    return 0


def _deployment(words: dict[str, Any], stopping: Stopping) -> Deployment:
    root = Path(words["lake"])
    descriptor, fence = words["lock"]
    return Deployment(
        Settings(**words["settings"]),
        replace(Lake.open(root, create=True), on_retry=Telling.retried),
        Holding(root / NAME, descriptor, fence),
        stopping,
        Share(words["process"], tuple(words["addresses"])),
    )


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


def _say(**words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Native threads of the lake's engines may abort a process that leaves the usual way.
    os._exit(code)
