"""What brings an older store up to this release, one step after the other.

Here: the steps (versions/), and how Alembic runs them (env.py). Not here: when (opening.py).
"""
