"""Holding the nightly jobs against the stream, difference by difference."""
