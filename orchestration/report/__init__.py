"""The quality report: one page for people who would rather look than query.

Here: what is asked of the lake, one sentence and one chart for each answer, and the page. Not here:
who asks for it (pulsehouse/quality_report.py), or any rule of its own: every figure comes of the
tables, the laws by which they are read, and the migration's own status.
"""
