"""Supervises stand-in commands. Arguments: the lake, and a plan as JSON."""

import json
import sys
from pathlib import Path

from pulsehouse.component import Patience
from pulsehouse.failure import CommandError
from pulsehouse.supervising import Plan
from pulsehouse.supervision import supervised
from pulsehouse.terminal import say

if __name__ == "__main__":
    told = json.loads(sys.argv[2])
    plan = Plan(
        told["components"], told["repair"], Patience(**told["patience"]), *told.get("stops", ())
    )
    try:
        sys.exit(supervised(plan, Path(sys.argv[1])))
    except CommandError as error:
        say(f"error: {error}")
        sys.exit(error.exit_code)
