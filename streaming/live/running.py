"""Running the stream: the lock, the signals, the admin port, and one process or several.

Here: what holds for the stream as a whole. Not here: what one process does (member.py).
"""

import os
from contextlib import closing
from dataclasses import replace
from typing import TextIO

from lakehouse.lake import Lake
from lakehouse.lock import exclusive
from lakehouse.settings import Settings
from streaming.admin import AdminServer
from streaming.live.member import Deployment, Member
from streaming.live.stopping import Stopping
from streaming.live.telling import Telling


def run(settings: Settings, lake: Lake, processes: int, log_file: TextIO | None = None) -> int:
    """Turn what the inbox holds, and what comes, into tables and alerts, until a signal.

    Args:
        settings: The deployment.
        lake: The lake, open for writing.
        processes: How many share the facilities.
        log_file: Where they all log; stderr where None.

    Raises:
        LakeLockedError: Another dataflow writes to the lake.
        FencedError: Another one took over meanwhile.
        LakehouseError: The inbox, the lake or the dataflow failed.
    """
    # The engine would open a port to anybody.
    os.environ.pop("BYTEWAX_DATAFLOW_API_ENABLED", None)
    counted = replace(lake, on_retry=Telling.retried)
    with Stopping().listening() as stopping, exclusive(counted) as holding:
        deployment = Deployment(settings, counted, holding, stopping)
        if processes == 1:
            _alone(deployment)
        else:
            # Only who asks for several processes loads what starts them.
            from streaming.live.cluster import Cluster  # noqa: PLC0415

            Cluster(deployment, processes, log_file).run()
    return 0


def _alone(deployment: Deployment) -> None:
    member = Member(deployment)
    with closing(AdminServer(deployment.settings.stream_admin, member.condition.health)):
        member.run()
