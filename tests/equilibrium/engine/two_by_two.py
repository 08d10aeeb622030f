"""The smallest economy with a choice in it: two goods made of labour and capital, and one household."""

from __future__ import annotations

from tanshi.equilibrium import Activity, Auxiliary, Commodity, Consumer, Endowment, Leaf, Model, Nest
from tanshi.equilibrium.engine.nest import Tree

L, K = Leaf("L", 50), Leaf("K", 50)
X = Activity("X", Leaf("PX", 100), Nest(1, (L, K)))
Y = Activity("Y", Leaf("PY", 50), Nest(1, (Leaf("L", 20), Leaf("K", 30))))
BASKET = Nest(1, (Leaf("PX", 100), Leaf("PY", 50)))


def owned(labour: float = 70, capital: float = 80) -> tuple[Endowment, ...]:
    return (Endowment("L", labour), Endowment("K", capital))


def economy(
    *activities: Activity,
    basket: Tree = BASKET,
    own: tuple[Endowment, ...] = owned(),
    others: tuple[Consumer, ...] = (),
    goods: tuple[Commodity, ...] = (),
    rules: tuple[Auxiliary, ...] = (),
) -> Model:
    return Model(activities or (X, Y), (Consumer("RA", basket, own), *others), "L", goods, rules)
