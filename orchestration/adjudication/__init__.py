"""Sepsis judged afterwards, as Dagster assets.

Here: facts of the lake by chunks of patients, SOFA by the hour, the tables and their checks. Not
here: any definition (clinical/adjudication).
"""
