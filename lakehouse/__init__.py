"""The tables both sides share.

Here: contracts (tables, columns), exactly-once appends, the cut, reading through DuckDB, the replay
ledger, the dataflow lock, feed profiles and settings.
Not here: what a value means (clinical/), or when something runs (streaming/, orchestration/).
"""
