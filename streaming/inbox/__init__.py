"""The inbox: where a message is durable before anybody says so, and where the dataflow reads it.

Here: what every inbox can do (arrival.py), the journal (journal.py and beside it), and Kafka in its
place. Not here: how messages come in (streaming/gateway), or what they say (clinical/wire).
"""
