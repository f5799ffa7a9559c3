"""The clinical core: what observations mean, what scores say, when to alert.

Here: pure functions over values and Arrow tables. Not here: tables on disk, clocks, frameworks.
"""
