"""The sample that `pulsehouse demo` runs on: mimic3_sample.hl7.gz and its NOTICE.txt.

Here: files only. Not here: how the sample is made (pulsehouse/render/sample.py).
"""
