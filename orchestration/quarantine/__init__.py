"""The quarantine, from the batch side: replaying out of it as an asset.

Not here: the replay itself, which the stream's side does (streaming/quarantine_replay.py).
"""
