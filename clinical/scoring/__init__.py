"""The law: scores as a fold over facts in the order in which they became known.

Here: which value counts now, and what a score then is; once as plain Python (`reference`), once
over columns (`engine`), held equal by property tests. Not here: bands (clinical/scores), alerts
(clinical/detection), tables.
"""
