"""The contracts of the tables that batch work makes, one module per zone.

Here: `BATCH_TABLES`, all of them by name. They lie in `<lake>/<zone>/<name>`, have no provenance
columns of their own and are not part of the cut. Not here: the stream's tables (tables.py), and
marts, whose columns dbt holds (dbt_project/).
"""

from collections.abc import Mapping

from lakehouse.batch.alerting import ALERTING
from lakehouse.batch.audit import AUDIT
from lakehouse.batch.evaluation import EVALUATION
from lakehouse.batch.legacy import LEGACY
from lakehouse.batch.migration import MIGRATION
from lakehouse.batch.operations import OPERATIONS
from lakehouse.batch.quality import QUALITY
from lakehouse.batch.reconciliation import RECONCILIATION
from lakehouse.batch.replays import REPLAYS
from lakehouse.batch.sepsis import SEPSIS
from lakehouse.tables import Table

BATCH_TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        *LEGACY,
        *RECONCILIATION,
        *REPLAYS,
        *SEPSIS,
        *EVALUATION,
        *MIGRATION,
        *QUALITY,
        *AUDIT,
        *OPERATIONS,
        *ALERTING,
    )
}
