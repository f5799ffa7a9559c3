"""Cells of reconciliation.ipynb; `python -m docs.notebooks LAKE` runs and keeps them."""

# %% [markdown]
# # Reconciliation
#
# Each night of each nightly job beside what the stream has for it. Every key is in exactly one
# class; a difference with a cause (`late`, `corrected`, `retracted`, `identity`) is explained.

# %%
import altair as alt

import pulsehouse

house = pulsehouse.connect("demo-lake")

# %% [markdown]
# ## Every job, all its nights

# %%
house.sql("""
    with newest as (
        select * from reconciliation.nights
        qualify row_number() over (partition by job, night order by compared_at desc) = 1
    )
    select job, count(*) as nights, sum(legacy_rows)::bigint as nightly_rows,
        sum(stream_rows)::bigint as stream_rows, sum(matched)::bigint as matched,
        sum(late)::bigint as late, sum(unexplained)::bigint as unexplained
    from newest group by job order by job
""").df()

# %% [markdown]
# ## What was late
#
# The nightly job lists a prescription before the stream has heard of it: the extract goes by the
# day on which it starts, the message comes when it is written.

# %%
late = house.sql("""
    select night, count(*) as keys
    from reconciliation.differences_active_medications where class = 'late'
    group by night order by night
""").df()
late

# %%
values = [
    {"night": str(row.night)[:10], "keys": row.keys_}
    for row in late.rename(columns={"keys": "keys_"}).itertuples()
]
alt.Chart(alt.InlineData(values=values)).mark_bar().encode(
    x=alt.X("night:O"),
    y=alt.Y("keys:Q", title="late keys"),
).properties(width=520, height=180)

# %% [markdown]
# ## How the jobs have moved

# %%
house.sql("""
    select job, number, event, from_state, to_state, "by", gate
    from migration.job_ledger where job = 'census' order by number
""").df()
