# %% [markdown]
# # A fan chart
#
# Fuel, weather and demand outside stray (`shocks: estimated`); a seed meets the same weather in every scenario. Eight
# seeds give a range, not percentiles: for those take twenty or more.

# %%
from tanshi import simulate

small = {"years": {"end": 2025}, "firms": {"number": 24}, "market": {"periods_per_year": 2}, "banking": {"horizon": 0}}
runs = simulate("S5", seeds=8, shocks="estimated", **small)
price = runs.annual["Price|Carbon"].unstack("year")
price.describe().loc[["min", "50%", "max"]].round(1)

# %%
# Range of the carbon price over eight seeds
runs.plot.price()

# %% [markdown]
# Without shocks the seeds differ by the draw of firms alone, and hardly:

# %%
calm = simulate("S5", seeds=3, **small)
calm.annual["Price|Carbon"].unstack("year").agg(["min", "max"]).round(1)
