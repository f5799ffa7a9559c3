"""Open cases follow what the lake learns of their patients.

Here: values that were corrected or withdrawn since, identifiers that were merged, patients who
moved. Not here: what a case is (cases.py), the laws (clinical/detection, lakehouse), or telling
people (planning.py).
"""
