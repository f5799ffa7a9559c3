"""The desk's store: SQLite, or PostgreSQL where several workers share one.

Here: its tables (models.py), opening it (opening.py), and what brings an older one up to date
(migrations/). Not here: what is done with the rows (streaming/desk/cases.py and its neighbours).
"""
