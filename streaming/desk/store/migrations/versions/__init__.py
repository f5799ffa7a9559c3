"""The steps by which the desk's store came to be what models.py says.

Here: one module per step; a step that was released never changes. Not here: what the tables mean
(streaming/desk/store/models.py).
"""
