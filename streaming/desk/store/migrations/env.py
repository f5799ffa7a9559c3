"""How Alembic reaches the desk's store: by the connection that the desk opened.

Here: one run of the migrations. Not here: when (streaming/desk/store/opening.py).
"""

from alembic import context

import streaming.desk.accounts.tables
import streaming.desk.auditing.tables
import streaming.desk.store.models
from streaming.desk.store.metadata import METADATA

# Each fills METADATA.
assert streaming.desk.store.models is not None  # noqa: S101 as said
assert streaming.desk.accounts.tables is not None  # noqa: S101 as said
assert streaming.desk.auditing.tables is not None  # noqa: S101 as said
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=False,
)
context.run_migrations()
