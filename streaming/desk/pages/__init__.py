"""The desk's pages: the board, an alert, a patient, the wall, fatigue, and the JSON beside them.

Here: what a person sees and what a press of a button asks for. Not here: who may see it
(streaming/desk/web, accounts), what an act does (cases.py), or what is known (picture/).
"""
