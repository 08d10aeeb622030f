# %% [markdown]
# # Forest sinks
#
# What does a tonne of carbon in a forest cost, and who buys it? The chain of Yang et al. (2021): a shadow price from each
# emitter's own technology, a policy that lets it buy sinks, and a price between the two sides.

# %%
# !python -m tanshi sinks --set replications=0 --out results/sinks 2> progress.txt
# !ls results/sinks

# %% [markdown]
# In the market, credits from forests take the place of allowances, up to a share of what is owed. They hold the price
# down, by as much as their supply is cheap.

# %%
from tanshi import simulate

small = {"years": {"end": 2024}, "firms": {"number": 24}, "market": {"periods_per_year": 2}, "banking": {"horizon": 0}}
without = simulate("S5", **small)
with_sinks = simulate({"extends": "S5", "name": "S5-with-sinks", "offsets": {"share": 0.1}}, **small)
both = without + with_sinks
both.annual[["Price|Carbon", "Emissions|CO2"]].round(2)
