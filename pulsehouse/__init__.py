"""The front door: the `pulsehouse` command.

Here: what a person types, and what they are shown. Not here: the work itself (streaming,
orchestration, lakehouse, clinical), which every command calls and none repeats.
"""
