"""Cells of alert_quality.ipynb; `python -m docs.notebooks LAKE` runs and keeps them."""

# %% [markdown]
# # Alert quality
#
# What the rules raised, what contexts kept quiet, and how much earlier than the nightly job each
# came. Over the lake of `pulsehouse demo --story`; name your own in `connect`.

# %%
import altair as alt

import pulsehouse

house = pulsehouse.connect("demo-lake")

# %% [markdown]
# ## How many, of what, and how grave

# %%
house.sql("""
    select rule_family, severity, count(*) filter (where status = 'raised') as raised,
        count(*) filter (where status <> 'raised') as not_raised
    from alerts group by all order by raised desc, rule_family, severity limit 12
""").df()

# %% [markdown]
# ## Why some were not raised
#
# A context that is true of the patient suppresses an alert, and the row says which.

# %%
house.sql("""
    select suppressed_by, rule_family, count(*) as alerts
    from alerts where status <> 'raised' group by all
    order by alerts desc, suppressed_by, rule_family
""").df()

# %% [markdown]
# ## Hours gained over the nightly job

# %%
hours = house.sql("""
    select rule_family, hours_before_batch from alerts where status = 'raised'
""").df()
hours.groupby("rule_family")["hours_before_batch"].describe()[["count", "50%", "max"]].round(1)

# %%
alt.Chart(alt.InlineData(values=hours.to_dict("records"))).mark_tick().encode(
    x=alt.X("hours_before_batch:Q", title="hours before the nightly job"),
    y=alt.Y("rule_family:N", title=None),
).properties(width=520)

# %% [markdown]
# Whether the alerts were *right* needs outcomes: `pulsehouse backtest`, or Dagster's job
# `evaluation`, whose tables are in the schema `evaluation`.
