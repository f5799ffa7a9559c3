"""Moving one nightly job at a time: states, gates, evidence, and the views that flip."""
