"""What the lake says of each patient now, ready to be shown.

Here: a mirror of the lake's facts in memory, the laws of the lake over one patient's rows in it,
and what pages show of them. Not here: any law (lakehouse/laws.py and what it installs), alerts and
their cases, or whether a person may see it (streaming/desk/web).
"""
