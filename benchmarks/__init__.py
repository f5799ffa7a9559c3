"""Benchmarks: speed, latency and memory of the machine at hand; never asserted in a test.

Here: what is measured (cases.py), on which messages (ward.py), against what (baseline.py).
Not here: how `pulsehouse bench` shows it (pulsehouse/benching.py).
"""
