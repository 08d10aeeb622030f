# %% [markdown]
# # A scenario of your own
#
# A scenario is a few lines that extend another. Here the cap falls faster, half of the allowances are auctioned from
# 2024 on, and a price floor holds. As a file it would be YAML with the same words; a mistake is answered in the same way.

# %%
from tanshi import simulate

small = {"years": {"end": 2024}, "firms": {"number": 24}, "market": {"periods_per_year": 2}, "banking": {"horizon": 0}}
own = {
    "extends": "S5",
    "name": "auctioned",
    "cap": {"decline": 0.03},
    "allocation": {"auctioned_share": 0.5},
    "price": {"floor": 60.0},
}
both = simulate("S5", **small) + simulate(own, **small)
both.annual["Price|Carbon"].unstack("year").round(1)

# %% [markdown]
# What does the auction change? Not the price, which the cap sets, but who pays: the revenue is the government's.

# %%
columns = ["Price|Carbon", "Emissions|CO2", "GDP|MER"]
both.annual.xs(2024, level="year")[columns].round(2)

# %%
# Cap, emissions and the bank in the scenario of one's own
both["auctioned"].plot.cap_and_bank()

# %% [markdown]
# A wrong field is named, with what was expected:

# %%
from tanshi.scenarios.errors import UserError

try:
    simulate({"extends": "S5", "name": "wrong", "cap": {"tightnes": 0.1}}, **small)
except UserError as error:
    print(error)
