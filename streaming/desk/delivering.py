"""Cases whose news arrived: many at once.

Here: the event `deliver`, in the caller's transaction. Not here: any other event (acting.py), which
come one at a time.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from clinical.alerts import Act, Life, Refusal, decide
from streaming.desk.acting import entry_of
from streaming.desk.case_rows import LIFE_FIELDS, life_of
from streaming.desk.store.counting import ENTRY_NUMBERS, take
from streaming.desk.store.models import CASES, ENTRIES
from streaming.desk.store.upserts import chunks

# Without the evidence: in a storm only this is read.
_OF_LIFE: Final = (CASES.c.unit, *(CASES.c[name] for name in LIFE_FIELDS))


def deliver(connection: Connection, alert_ids: Sequence[str], now: datetime) -> None:
    """Note for each case that somebody was reached; it changes only those nobody was yet."""
    act = Act("deliver", now)
    for some in chunks(sorted(set(alert_ids))):
        wanted = (CASES.c.alert_id.in_(some), CASES.c.state == "raised")
        locked = select(*_OF_LIFE).where(*wanted).with_for_update()
        rows = connection.execute(locked).mappings().all()
        pairs = [(row["unit"], decide(life_of(row), act)) for row in rows]
        lives = [(unit, life) for unit, life in pairs if not isinstance(life, Refusal)]
        if lives:
            _write(connection, lives, act)


def _write(connection: Connection, lives: list[tuple[str | None, Life]], act: Act) -> None:
    connection.execute(
        update(CASES)
        .where(CASES.c.alert_id == bindparam("of"))
        .values(state=bindparam("is"), changed_at=bindparam("at"), version=bindparam("counts")),
        [
            {"of": life.alert_id, "is": life.state, "at": life.changed_at, "counts": life.version}
            for _, life in lives
        ],
    )
    first = take(connection, ENTRY_NUMBERS, len(lives))
    connection.execute(
        insert(ENTRIES),
        [
            {**entry_of(life, act, unit), "number": first + place}
            for place, (unit, life) in enumerate(lives)
        ],
    )
