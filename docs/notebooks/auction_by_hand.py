# %% [markdown]
# # An auction by hand
#
# A call auction gathers all orders and clears them at one price: the price at which most is traded. Six orders, worked
# out on paper first.
#
# Bids: 30 t at 90, 20 t at 80, 50 t at 60 yuan/t. Offers: 40 t at 50, 30 t at 70, 20 t at 85 yuan/t. Down the bids and
# up the offers, the first 50 t of bids (at 80 or better) meet the first 50 t of offers (at 70 or better); the next bid,
# at 60, is below the next offer, at 70. So 50 t are traded. The price: at 70 or more somebody offers the 50th tonne, at
# 80 or less somebody bids for it; but above 70 the 20 t at 70 that are left over would be offered too, and nobody would
# take them. The price is 70.

# %%
import numpy as np

from tanshi.market.call_auction import CallAuction
from tanshi.market.orders import Orders

orders = Orders.join(
    [
        Orders(
            account=np.array([account]),
            side=np.array([side]),
            price=np.array([price]),
            quantity=np.array([tonnes]),
            time=np.array([account]),
        )
        for account, (side, price, tonnes) in enumerate(
            [(1, 90, 30), (1, 80, 20), (1, 60, 50), (-1, 50, 40), (-1, 70, 30), (-1, 85, 20)]
        )
    ]
)
cleared = CallAuction().clear(orders)
print("price", cleared.price, "interval", cleared.interval, "volume", cleared.volume)
print("filled", cleared.filled.tolist())

# %% [markdown]
# Nobody pays more than they bid, nobody gets less than they asked, and what is bought is sold.

# %%
fills = cleared.fills
for buyer, seller, tonnes, price in zip(fills.buyer, fills.seller, fills.quantity, fills.price, strict=True):
    print(f"account {buyer} buys {tonnes} t from account {seller} at {price}")

# %%
# Demand and supply around the clearing price
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
axes.set(xlabel="t", ylabel="yuan/t")
axes.step([0, 30, 50, 100], [90, 90, 80, 60], where="pre", label="bids")
axes.step([0, 40, 70, 90], [50, 50, 70, 85], where="pre", label="offers")
axes.axhline(cleared.price, linestyle=":", color="black", label=f"cleared at {cleared.price}")
axes.legend(frameon=False)
plt.show()
