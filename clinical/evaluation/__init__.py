"""How good the rules are: predictions against what turned out to be so.

Here: pure measures over columns. Not here: replays, tables, charts, or what was adjudicated
(clinical/adjudication).
"""
