"""Cells of documentation_lag.ipynb; `python -m docs.notebooks LAKE` runs and keeps them."""

# %% [markdown]
# # Documentation lag
#
# From when something was true to when it was written down. A score can only know what has been
# written, so a late hour is an hour in which nobody is warned.

# %%
import altair as alt

import pulsehouse

house = pulsehouse.connect("demo-lake")

# %% [markdown]
# ## By concept

# %%
house.sql("""
    select concept, count(*) as observations,
        round(median(epoch(documented_at - effective_at) / 60), 1) as median_minutes,
        round(quantile_cont(epoch(documented_at - effective_at) / 60, 0.9), 1) as p90_minutes
    from observations
    where is_scored and documented_at is not null and effective_at is not null
    group by concept having observations >= 100
    order by median_minutes desc, concept limit 15
""").df()

# %% [markdown]
# Laboratory results have no lag in this source: it tells only when they were drawn.
#
# ## By hour of the day

# %%
by_hour = house.sql("""
    select hour(effective_at) as hour, count(*) as observations,
        round(median(epoch(documented_at - effective_at) / 60), 1) as median_minutes
    from observations
    where is_scored and documented_at > effective_at
    group by hour order by hour
""").df()
by_hour

# %%
alt.Chart(alt.InlineData(values=by_hour.to_dict("records"))).mark_bar().encode(
    x=alt.X("hour:O", title="hour of the day"),
    y=alt.Y("median_minutes:Q", title="minutes, median"),
).properties(width=520, height=200)

# %% [markdown]
# By unit and hour: the first chart of the quality report, `pulsehouse report quality`.
