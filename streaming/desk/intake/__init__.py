"""How alerts come to the desk: out of the lake, each once.

Here: following the lake's tables (following.py) and making cases of what came (taking.py,
technical.py). Not here: what becomes of a case then (streaming/desk/acting.py).
"""
