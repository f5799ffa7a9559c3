"""A store that is away for a while: which errors are that, and not a defect.

Here: the kinds of error. Not here: what is done then (whoever has to wait says).
"""

from typing import Final

from sqlalchemy import exc

# The server is gone, the disk is full, another writer stays too long, all connections are in use.
AWAY: Final = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)
