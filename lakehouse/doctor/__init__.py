"""The doctor: looking for damage in a lake, and mending it without deleting anything.

Here: what is wrong with logs, files and surroundings (logs.py, judging.py, surroundings.py), a plan
(planning.py), and carrying it out (repairing.py). Not here: the inbox, which the stream's room
knows (streaming/inbox), or how findings are shown (pulsehouse/doctor_report.py).
"""
