"""The one list of all tables in the desk's store.

Here: `METADATA`, and how their indices are named. Not here: any table (models.py,
streaming/desk/accounts, streaming/desk/auditing).
"""

from typing import Final

from sqlalchemy import MetaData

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
