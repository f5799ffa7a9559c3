"""The roads on which the desk reaches people.

Here: one module per kind of road, all behind the seam of channel.py. Not here: who is told
(clinical/routing), when, and how often it is tried (streaming/desk/workers.py).
"""
