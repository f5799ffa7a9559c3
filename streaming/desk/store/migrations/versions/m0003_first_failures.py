"""When a notification was first not taken: from then on its fallback waits.

Here: one column. Not here: what is done with it (streaming/desk/tending.py).
"""

import sqlalchemy as sa
from alembic import op

from streaming.desk.store.types import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what failed before counts from its next failure."""
    op.add_column("notifications", sa.Column("failed_at", UtcTime))
