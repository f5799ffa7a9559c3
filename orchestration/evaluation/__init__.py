"""Evaluating rules: the law run again over stored facts, and its alerts held against outcomes.

Here: facts in chunks, rule versions and their processes, the evaluation, its charts and its assets.
Not here: what a figure means (clinical/evaluation), or the command (pulsehouse/backtest.py).
"""
