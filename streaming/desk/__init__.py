"""The alert desk: every alert reaches someone who takes it.

Here: the service beside the stream; it reads alerts from the lake, keeps cases in a store of its
own, tells people, and asks on until somebody takes a case. Not here: what an alert is
(clinical/detection), which step of its life may follow which (clinical/alerts), or who is told
(clinical/routing).
"""
