"""Apache Flink: its SQL, from Python, on two slots; events from a file, rows to JSON lines.

Here: the stream job. Flink's Parquet format needs Hadoop's jars, which its package does not bring,
so it writes JSON lines, without fsync and without checkpoints. Not here: the DataStream API, whose
functions in Python cost a process beside the virtual machine.
"""

from pathlib import Path

from pyflink.table import EnvironmentSettings, TableEnvironment

from benchmarks.peers.law import Law, sql_points

PACKAGES = ("apache-flink",)
_FIELDS = "`patient` string, `time` bigint, `code` string, `value` double"


def stream(events: Path, law: Law, out: Path) -> None:
    """One continuous query: the newest values by patient over all rows so far."""
    tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    # Rows of a file keep their order only where one task reads it.
    tables.get_config().set("parallelism.default", "1")
    tables.get_config().set("table.exec.mini-batch.enabled", "false")
    tables.execute_sql(
        f"create table events ({_FIELDS}, arrived as proctime()) with ("
        f" 'connector' = 'filesystem', 'path' = '{events}', 'format' = 'json')"
    )
    tables.execute_sql(
        f"create table scored ({_FIELDS}, news2 int) with ("
        f" 'connector' = 'filesystem', 'path' = '{out / 'rows'}', 'format' = 'json')"
    )
    newest = ", ".join(
        f"last_value(case when `code` = '{vital.code}' then `value` end) over told as {vital.code}"
        for vital in law
    )
    tables.execute_sql(
        "insert into scored"  # noqa: S608 bands of our own making
        f" select `patient`, `time`, `code`, `value`, cast({sql_points(law)} as int)"
        f" from (select *, {newest} from events window told as ("
        "partition by `patient` order by arrived"
        " rows between unbounded preceding and current row))"
    ).wait()
