"""`pulsehouse bench`: speed, latency and memory on this machine.

Here: running cases one after the other, medians and spread, growth, comparing with an earlier run,
showing and drawing. Not here: the cases, nor what they are held to (benchmarks/, which stands in
the repository and is not installed with a wheel).
"""
