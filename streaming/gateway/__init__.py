"""The gateway: every road by which a message comes in live.

Here: group commit into the inbox (intake.py), and the roads. Not here: the inbox itself
(streaming/inbox), or what a message says (clinical/wire).
"""
