# %% [markdown]
# # A published claim, judged
#
# Every number, figure and sentence of results of two papers is a line of `scenarios/claims`, with the rule that judges it.
# `tanshi reproduce` runs them all (an hour); here is one claim on a small market: that widening the coverage of the market
# lowers emissions.

# %%
import pandas as pd

from tanshi.simulator.studies.reproduction.claims import PAPERS, all_claims

claims = all_claims()
pd.Series([f"{PAPERS[claim.paper]}, {claim.use}" for claim in claims]).value_counts().rename("claims").to_frame()

# %%
from tanshi import simulate

small = {"years": {"end": 2025}, "firms": {"number": 24}, "market": {"periods_per_year": 1}, "banking": {"horizon": 0}}
five = sum((simulate(name, **small) for name in ("S2", "S3", "S4", "S5")), simulate("S1", **small))
last = five.annual.xs(2025, level="year")["Emissions|CO2"]
last.round(2).to_frame()

# %% [markdown]
# S1 = S2 = S3: free quotas that bind nobody change nothing. S4 and S5 are lower, and nearly equal, since paper and aviation
# emit little. The claim holds in order; its size is another question, to which the page of the
# [reproduction](../reproduction.md) gives its answer.

# %%
assert last.loc["S1"].iloc[0] > last.loc["S4"].iloc[0] >= last.loc["S5"].iloc[0]
