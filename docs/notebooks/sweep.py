# %% [markdown]
# # A sweep
#
# How does the price answer to the cap and to the price floor? A sweep's file names parameters and a design; every point
# is an ordinary run, kept in a folder, and a sweep that was interrupted goes on where it stopped.

# %%
from pathlib import Path

Path("cap.yaml").write_text("""\
title: The cap and a floor
scenarios: [S5]
set: {years.end: 2023, firms.number: 24, market.periods_per_year: 1, banking.horizon: 0, drift.mode: none}
parameters:
  cap.tightness: {title: Tightness of the cap, uniform: [0.0, 0.15]}
  price.floor: {title: Floor, uniform: [0.0, 80.0]}
design: {method: qmc, samples: 8}
""")
# !python -m tanshi sweep cap.yaml --out results/cap --workers 1 2> progress.txt

# %%
from tanshi import open_results

swept = open_results("results/cap")
points = swept.annual.xs(2023, level="year")[["Price|Carbon", "Emissions|CO2"]]
points = points.reset_index(["cap.tightness", "price.floor"]).droplevel(["scenario", "seed"])
points.round(3)

# %%
# Carbon price against the cap, one dot a point
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
axes.set(xlabel="cap below the baseline", ylabel="yuan/t")
axes.scatter(points["cap.tightness"], points["Price|Carbon"], c=points["price.floor"], cmap="viridis")
plt.show()
