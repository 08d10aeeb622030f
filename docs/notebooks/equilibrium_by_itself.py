# %% [markdown]
# # The equilibrium by itself
#
# The engine solves any model that is written as data. Two goods, two factors, one household; then a tax, and what it does
# to prices and to real income.

# %%
from tanshi.equilibrium import Activity, Consumer, Counterfactual, Endowment, Leaf, Model, Nest, Tax, solve

model = Model(
    activities=(
        Activity("X", Leaf("PX", 100, taxes=(Tax(0.0, "RA"),)), Nest(1, (Leaf("PL", 50), Leaf("PK", 50)), name="va")),
        Activity("Y", Leaf("PY", 50), Nest(1, (Leaf("PL", 20), Leaf("PK", 30)), name="va")),
    ),
    consumers=(Consumer("RA", Nest(1, (Leaf("PX", 100), Leaf("PY", 50))), (Endowment("PL", 70), Endowment("PK", 80))),),
    numeraire="PL",
)
print(solve(model, iterations=0))

# %% [markdown]
# The benchmark replicates without a step. A tax of 10 % on X drives resources into Y:

# %%
print(Counterfactual(model).tax("X", "PX", 0.1).solve())

# %% [markdown]
# The province of the simulator is the same kind of model, 23 activities large. Without firms it answers at which price
# the sectors keep to a cap:

# %%
from tanshi import simulate

traditional = {
    "market": {"mode": "equilibrium", "periods_per_year": 1},
    "drift": {"mode": "none"},
    "banking": {"horizon": 0},
}
for tightness in (0.0, 0.1, 0.2):
    run = simulate("S5", **traditional, **{"cap.tightness": tightness, "years.end": 2023})
    last = run.annual.loc[2023]
    print(
        f"cap {100 * tightness:3.0f} % lower: {last['Price|Carbon']:6.1f} yuan/t, {last['Emissions|CO2']:6.1f} Mt CO2"
    )
