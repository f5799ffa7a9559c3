"""Patients and their visits: who an identifier stands for, and where a visit was.

Here: two laws over what messages told, whatever the order in which they came. Pure: no tables, no
clock. Not here: reading messages (clinical/wire), the same laws as SQL (lakehouse/identities.py and
lakehouse/encounters.py; tests hold them equal), or what follows for scores and alerts.
"""
