# %% [markdown]
# # A first run
#
# One scenario on a small market, two years long, so that it takes seconds: 24 firms, two auctions a year, and firms that
# do not look beyond the year (`banking.horizon: 0`). The full run is `simulate("S5")`.

# %%
from tanshi import simulate

small = {"years": {"end": 2024}, "firms": {"number": 24}, "market": {"periods_per_year": 2}, "banking": {"horizon": 0}}
result = simulate("S5", **small)
result

# %% [markdown]
# Every number of the table is a column of `annual`, whose names are those of the integrated-assessment community; `units`
# and `meaning` explain them.

# %%
result.annual[["Price|Carbon", "Emissions|CO2", "Emissions|CO2|Power", "Carbon Market|Trading Volume"]].round(2)

# %%
print(result.meaning["Carbon Market|Trading Volume"], "|", result.units["Carbon Market|Trading Volume"])

# %% [markdown]
# Figures come in the house style, with their source and the kind of model below them.

# %%
# Carbon price of S1 and S5, year by year
both = simulate("S1", **small) + result
both.plot.price()

# %%
# Emissions by sector in S5
result.plot.emissions_by_sector()
