# %% [markdown]
# # Firms of your own
#
# `tanshi.market` works without an economy. Four firms with linear marginal abatement costs, their allowances, one
# auction: what it saves against everybody complying alone, and who gains.

# %%
import numpy as np
import pandas as pd

from tanshi.market import Market, linear_curves, solve

firms = linear_curves(
    baseline=[120, 90, 60, 150], slope=[0.5, 2.0, 1.0, 4.0], names=["power", "steel", "cement", "refinery"]
)
free = np.array([80.0, 80.0, 40.0, 140.0])
day = Market(firms, free, venue="call_auction").trade()
print(f"price {day.price} yuan/t, {day.volume:.0f} t change hands")
day.trades

# %% [markdown]
# Abatement goes where it is cheapest: every firm cuts until a further tonne would cost the price. That is the competitive
# equilibrium of the same firms under the same cap, found in another way:

# %%
best = solve(firms, cap=[float(free.sum())])
alone = firms.expense(np.maximum(firms.baseline - free, 0.0))
table = pd.DataFrame(
    {
        "baseline, t": firms.baseline,
        "allowances, t": free,
        "emitted, t": day.emissions.round(1),
        "marginal cost, yuan/t": ((firms.baseline - day.emissions) * [0.5, 2.0, 1.0, 4.0]).round(1),
        "cost alone, yuan": alone.round(0),
        "cost with trade, yuan": (
            firms.expense(firms.baseline - day.emissions) + day.price * (day.emissions - free)
        ).round(0),
    },
    index=pd.Index(["power", "steel", "cement", "refinery"], name="firm"),
)
print(f"competitive price {best.price[0]:.2f} yuan/t")
table
