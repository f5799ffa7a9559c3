"""Detections: what is found in the scores and facts of a patient, and when it becomes an alert.

Here: the rules (news2, sepsis, respiratory, critical), episodes, suppression by context, and the
shard that folds a facility's facts into scores and alerts. Not here: who is told
(clinical/routing).
"""
