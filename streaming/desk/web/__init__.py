"""The desk's web shell: every request passes here before a page sees it."""
