"""Real tables told again as the messages a hospital would have sent.

Here: one module per source data set, each with `render`, and what they share: tables, segments,
batch file. Not here: reading messages (clinical/wire), feed profiles (feeds/), the command.
"""
