"""The live side's dataflow: what the inbox takes, into the lake as it comes.

Here: the seam to an inbox (tail.py), the source and its batches (source.py), and running it
(running.py). Not here: the dataflow itself (streaming/dataflow.py), or any inbox (streaming/inbox).
"""
