"""The page docs/current.md: what stands now, made from what the laws answer.

Here: `page()`, and `python -m docs.current > docs/current.md`. A test holds the file equal to it.
Not here: any column (lakehouse/answers.py).
"""

import sys

from docs.tables import columns_table
from lakehouse import tables
from lakehouse.answers import ANSWERS, Answer
from lakehouse.tables import Table

OPENING = """# What stands now: results, orders, drugs, places

Made from `lakehouse/answers.py` by `python -m docs.current`: change that, not this page.

Tables of facts hold every message's word, in the order in which it came ([tables](tables.md)). What
stands of it now is asked here: corrected results, orders and what they wait for, drugs in force,
who lies where, who is who ([patients and visits](identities.md)). Two messages that come in the
other order lead to the same answer. The names work straight after a replay and while the stream
runs, in `pulsehouse sql` and `pulsehouse.connect()`; whoever does not ask pays nothing.

```
pulsehouse sql "select code_text, value, ucum_unit from current_observations where is_verified"
pulsehouse sql "select code_text, told_value_text, asks_whose_it_was from retracted_observations"
pulsehouse sql "select order_id, result_status from current_orders where state = 'corrected'"
pulsehouse sql "select order_id, ordered_at from current_orders where waits_for = 'result'"
pulsehouse sql "select * from waiting_orders"
pulsehouse sql "select patient_id, code_text, dose, dose_unit, ends_at from active_medications"
pulsehouse sql "select patient_id, code_text from active_medications_at('2026-01-05 10:00:00Z')"
pulsehouse sql "select order_id, state from medication_orders_at('2026-01-05 10:00:00Z', null)"
pulsehouse sql "select unit, count(*) from location_stays where ended_at is null group by unit"
pulsehouse sql "select name, grain from meta.tables where name = 'current_orders'"
```

What was known at an earlier moment is asked of the macro behind a view, with the moment:

```
pulsehouse sql "select order_id, state from orders_as_known('2026-01-05 10:00:00Z')"
pulsehouse sql "select code, status from current_observations_as_known('2026-01-05 10:00:00Z')"
pulsehouse sql "select order_id, state from medication_orders_at(now(), '2026-01-05 10:00:00Z')"
```

- **Results.** Of the versions of one observation the one that was written last stands; of one
  moment, the one that supersedes by its status (OBX-11), then the later arrival. What was entered
  in error is no current observation; one that was cancelled stands without a value.
- **Orders.** The word that was written last counts; of one moment, the later step of the life
  cycle, then the report that supersedes (OBR-25). What results say goes before what the order says.
- **Drugs.** In force is what was ordered, has begun, and was not held, stopped, replaced, completed
  or cancelled, at the very second. A dose by itself puts nothing in force."""


def page() -> str:
    """The whole page."""
    return "\n\n".join([OPENING, *map(_answer, ANSWERS)]) + "\n"


def _answer(answer: Answer) -> str:
    grain = answer.grain[0].upper() + answer.grain[1:]
    key = ", ".join(f"`{name}`" for name in answer.key)
    like = _like(answer)
    own = [column for column in answer.columns if like is None or column not in like.columns]
    link = f"[`{like.name}`](tables.md#{like.name})" if like else ""
    also = f" Its further columns are those of {link}." if like else ""
    return f"## {answer.name}\n\n{grain}. Key: {key}.{also}\n\n{columns_table(own)}"


def _like(answer: Answer) -> Table | None:
    """The table whose rows it shows, if it has their place in it: feed, partition, offset, date."""
    names = {column.name for column in answer.columns}
    if "received_date" not in names:
        return None
    return max(
        (tables.TABLES[name] for name in answer.law.needs),
        key=lambda table: len(names.intersection(table.schema.names)),
    )


if __name__ == "__main__":
    sys.stdout.write(page())
