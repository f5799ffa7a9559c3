"""Adjudication: what is held to have happened, judged once everything is known.

Here: suspected infection, Sepsis-3 onset in its published variants, septic shock, the CDC Adult
Sepsis Event. Pure: facts in, rows out; the batch side runs it at one cut. Not here: what the stream
says while it is still going on (clinical/detection), which is provisional.
"""
