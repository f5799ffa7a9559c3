"""The batch side: Dagster over the same tables that the stream writes.

Here: assets, and what turns table contracts into them. Not here: meaning (clinical/), the tables
themselves (lakehouse/), and anything live (streaming/): the two sides meet only in the tables.
"""
