"""What a section of the report is.

Here: a question to the lake before it is asked, and its answer. Not here: the questions
(questions.py), the sentences (findings.py), the charts (charts.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """One question, in SQL or answered by the migration's status where `sql` is empty.

    `table` is what is read, as `pulsehouse sql` names it, or the command that tells the same.
    `fills` is the command that makes rows where there are none. `columns` are those of the answer,
    each in words.
    """

    name: str
    title: str
    table: str
    fills: str
    columns: Mapping[str, str]
    sql: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of one question, and what they say in one sentence."""

    question: Question
    rows: tuple[Row, ...]
    finding: str

    def to_json(self) -> dict[str, Any]:
        """The stable form of a section."""
        asked = self.question
        return {
            "name": asked.name,
            "title": asked.title,
            "table": asked.table,
            "finding": self.finding,
            "columns": dict(asked.columns),
            "rows": list(self.rows),
        }
