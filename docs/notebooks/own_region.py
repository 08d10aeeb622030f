# %% [markdown]
# # A region of your own
#
# Statistical offices print input-output tables; the program reads them as they are. Here its own table of Shanxi stands
# for yours: it is written as a workbook and read again.

# %%
# !python -m tanshi new table table.csv 2> progress.txt
# !head -c 300 table.csv

# %%
# !python -m tanshi new economy mine --table table.csv --year 2022 --energy 219.0 --co2 619.7 --power 414.0 2> progress.txt | head -14

# %% [markdown]
# Several economies come with the program, and any scenario runs on any of them; its years follow the economy's.

# %%
import pandas as pd

from tanshi import simulate

rows = {}
for economy in ("shanxi_2022", "shandong_2017", "inner_mongolia_2017"):
    run = simulate(
        "S5",
        economy=economy,
        **{"market.mode": "equilibrium", "market.periods_per_year": 1, "drift.mode": "none"},
        **{"banking.horizon": 0},
    )
    third = run.annual.iloc[2]
    rows[economy] = {"year": run.annual.index[2], "yuan/t": third["Price|Carbon"], "Mt CO2": third["Emissions|CO2"]}
pd.DataFrame(rows).T.round(1)
