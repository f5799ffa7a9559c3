"""The same quantity of charted values and results in two units, or taken for one in another.

Here: how the numbers of two units relate, and the rules. Not here: the arithmetic between units
(clinical/normalise), or their order among the other rules (result_rules.py).

A concept relates all the units that it allows, so that a unit wrongly read shows too. Items without
one are held to the two units that the rows state, and no molar mass is guessed.
"""

import duckdb

from clinical.normalise.conversions import affine
from orchestration.reconciliation.deciding import NO_CAUSE, Lookup, Rule

# How the numbers of two units of one concept relate: `one = other * factor + shift`.
_RELATIONS = """
create temp table relations as
with pairs as (
    select
        a.concept,
        b.factor / a.factor as factor,
        (b.shift - a.shift) / a.factor as shift
    from jobs.canonical as a inner join jobs.canonical as b on b.concept = a.concept
)
select distinct concept, round_even(factor, 12) as factor, round_even(shift, 9) as shift
from pairs
where abs(factor - 1) > 1e-9 or abs(shift) > 1e-9
"""
# As near as the coarser of the two was written, and never further apart than half a hundredth.
_NEAR = """
create temp macro near(one, other, slack) as
    abs(one - other) <= slack + greatest(
        0.0005 * abs(one),
        least(
            0.5 * pow(10, -length(nullif(split_part(one::varchar, '.', 2), '0'))),
            0.005 * abs(one)
        ),
        if(one = round(one), least(0.5, 0.005 * abs(one)), 0)
    )
"""
_SAME_VALUE = f"""
select
    number, 'unit' as class,
    if(l.unit is distinct from s.unit, 'the same value in another unit',
       'the stream reads the unit as another than the job''s readers') as reason,
    {NO_CAUSE} as cause, false as is_wrong_patient
from undecided
where has_l and has_s and same(l, s)
"""  # noqa: S608 our names
# Both rows state a unit, and not the same.
_STATED = f"""
with related as (
    select
        d.number, d.l.value as one, d.s.value as other,
        b.factor / a.factor as factor, (b.shift - a.shift) / a.factor as shift
    from undecided as d
    inner join jobs.canonical as a on a.concept = d.l.concept and a.unit = d.l.unit
    inner join jobs.canonical as b on b.concept = d.l.concept and b.unit = d.s.unit
    where d.has_l and d.has_s and d.l.unit != d.s.unit
    union all by name
    select d.number, d.l.value as one, d.s.value as other, conversions.factor, conversions.shift
    from undecided as d
    inner join conversions on conversions.one = d.l.unit and conversions.other = d.s.unit
    where d.has_l and d.has_s
)
select
    number, 'unit' as class, 'a conversion of units makes the numbers equal' as reason,
    {NO_CAUSE} as cause, false as is_wrong_patient
from related
where near(one, other * factor + shift, {{slack}})
    or near(other, (one - shift) / factor, {{slack}})
"""  # noqa: S608 our names
_BY_CONCEPT = f"""
select
    d.number, 'unit' as class, 'a conversion of units makes the numbers equal' as reason,
    {NO_CAUSE} as cause, false as is_wrong_patient
from undecided as d
inner join relations on relations.concept = coalesce(d.l.concept, d.s.concept)
where d.has_l and d.has_s
    and (
        near(d.l.value, d.s.value * relations.factor + relations.shift, {{slack}})
        or near(d.s.value, (d.l.value - relations.shift) / relations.factor, {{slack}})
    )
"""  # noqa: S608 our names
# What the rows state decides at once; that some units would fit, only where nothing else explains.
STATED = (Lookup(_NEAR), Rule(_SAME_VALUE), Rule(_STATED))
CONVERTIBLE = (Lookup(_RELATIONS), Rule(_BY_CONCEPT))


def add_conversions(connection: duckdb.DuckDBPyConnection) -> None:
    """The table `conversions`: `one = other * factor + shift` of the pairs of units that differ."""
    connection.execute(
        "create temp table conversions (one varchar, other varchar, factor double, shift double)"
    )
    sql = """
    select distinct l.unit, s.unit
    from differing
    where has_l and has_s and l.unit != s.unit
        and l.value is distinct from s.value
        and l.value is not null and s.value is not null
    """
    for one, other in connection.execute(sql).fetchall():
        if found := affine(other, one, None):
            connection.execute("insert into conversions values (?, ?, ?, ?)", [one, other, *found])
