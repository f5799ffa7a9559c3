"""The live side: sources, the dataflow, and the sink that commits what it finds.

Here: how messages flow. Not here: what they mean (clinical/), the tables (lakehouse/), batch work
(orchestration/, which meets this room in the tables only).
"""
