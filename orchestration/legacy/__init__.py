"""The 2am jobs: reading the nightly extracts, and landing them untouched."""
