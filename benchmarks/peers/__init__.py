"""Peers: other tools at the same job, on the same input and machine, in the same run.

Here: the two jobs in words. Not here: any tool (a module each), or running them (__main__.py).

Stream. A file has one JSON object a line, `patient`, `time` (ms since 1970), `code` and `value`,
times rising from line to line. After every event of a patient, their NEWS2 is the sum of the points
of the newest value of each of seven codes, on SpO2 scale 1, and null until all seven are known; any
oxygen flow above 0 counts as oxygen. The bands are those of `clinical.scores.news2`, and no value
here is ever older than its look-back. For each event the table gets one row: the event's four
fields and `news2`. How the rows are ordered in the table does not matter.

Decode. Given HL7 v2 ORU^R01 messages as a list of bytes, find for each OBX of type NM its patient,
code, value, unit and time, in the order of the messages.
"""
