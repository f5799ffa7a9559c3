"""Context: what is true of a patient beside the scores, since when, and until when.

Here: contexts as data with validity, the law of when one holds in plain Python, and the same over
columns. Not here: what a context does to an alert (the manifests of clinical/detection).
"""
