"""A standard model from a social accounting matrix and the names of its accounts.

Industries combine materials in fixed proportions with a nest of factors; what is made of a good is sold at home or
abroad (constant elasticity of transformation); what is bought of it is a composite of home and foreign goods
(Armington).  Households own factors, pay direct taxes and save fixed shares of income; government and investment spend
what they receive.  World prices are given and foreign saving is fixed in foreign exchange.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tanshi.equilibrium.engine.model import Activity, Consumer, Endowment, Model, ModelError
from tanshi.equilibrium.engine.names import nearest
from tanshi.equilibrium.engine.nest import Leaf, Nest, Tax

SMALL = 1e-12  # of the largest cell: nothing


@dataclass(frozen=True)
class Accounts:
    """Which account of the matrix plays which part, and the elasticities.

    Parameters
    ----------
    goods
        Accounts of goods; the same account holds the industry that makes the good unless ``industries`` are named.
    factors
        Labour, capital, land ...
    consumers
        Households, government, investment: all who buy goods; what one pays another is a share of income.
    world
        The rest of the world.
    industries
        Accounts of industries, where they are not the goods' own.
    output_tax, tariff, sales_tax
        Tax accounts, by what is taxed: an industry's output, imports, all that is sold of a
        good at home. Who receives the account's row receives the tax.
    value_added, materials, demand, armington, transformation
        elasticities; a number, or one by industry, consumer or
        good.
    numeraire
        A factor; the first one when empty.
    """

    goods: tuple[str, ...]
    factors: tuple[str, ...]
    consumers: tuple[str, ...]
    world: str
    industries: tuple[str, ...] = ()
    output_tax: tuple[str, ...] = ()
    tariff: tuple[str, ...] = ()
    sales_tax: tuple[str, ...] = ()
    value_added: float | Mapping[str, float] = 1.0
    materials: float | Mapping[str, float] = 0.0
    demand: float | Mapping[str, float] = 1.0
    armington: float | Mapping[str, float] = 2.0
    transformation: float | Mapping[str, float] = 2.0
    numeraire: str = ""

    def all(self) -> tuple[str, ...]:
        """Every account that has a part."""
        taxes = (*self.output_tax, *self.tariff, *self.sales_tax)
        return (*self.goods, *self.industries, *self.factors, *self.consumers, self.world, *taxes)


def home(good: str) -> str:
    """Commodity: what is made of a good and sold at home."""
    return f"{good} home"


def bought(good: str) -> str:
    """Commodity: the composite of a good that is bought."""
    return f"{good} bought"


def made(good: str) -> str:
    """Commodity: what is made of a good."""
    return f"{good} made"


FOREIGN = "foreign exchange"


def standard_model(sam: pd.DataFrame, accounts: Accounts) -> Model:
    """The model whose benchmark is the matrix.

    Activities are named after industries, ``GOOD sold`` and ``GOOD bought``; commodities ``GOOD made``, ``GOOD home``,
    ``GOOD bought``, ``foreign exchange`` and the factors; consumers after their accounts.

    Raises
    ------
    ModelError
        for an account without a part, a cell that the standard model has no place for, or a negative one.
    """
    _check(sam, accounts)
    builder = _Builder(sam, accounts)
    model = Model(
        tuple(builder.industries() + builder.sales() + builder.purchases()),
        tuple(builder.consumer(name) for name in accounts.consumers),
        accounts.numeraire or accounts.factors[0],
    )
    builder.every_cell_has_a_place()
    return model


def _check(sam: pd.DataFrame, accounts: Accounts) -> None:
    named = accounts.all()
    for name in named:
        if name not in sam.index:
            raise ModelError(
                "the matrix has no account '{name}': {nearest}", name=name, nearest=nearest(name, list(sam.index))
            )
    twice = sorted({n for n in named if named.count(n) > 1})
    if twice:
        raise ModelError("account '{twice}' has two parts", twice=twice[0])
    without = [str(a) for a in sam.index if a not in named]
    if without:
        raise ModelError("accounts without a part: {without}; name each in Accounts", without=", ".join(without))
    values = sam.to_numpy(dtype=float)
    if (values < 0).any():
        row, column = np.argwhere(values < 0)[0].tolist()
        raise ModelError(
            "the cell ({row}, {column}) is {values:g}: a negative flow is written as a "
            "positive one the other way round",
            row=named_at(sam, row),
            column=named_at(sam, column),
            values=values[row, column],
        )
    if accounts.numeraire and accounts.numeraire not in accounts.factors:
        raise ModelError(
            "the numeraire '{numeraire}' is no factor: {nearest}",
            numeraire=accounts.numeraire,
            nearest=nearest(accounts.numeraire, accounts.factors),
        )


def named_at(sam: pd.DataFrame, number: int) -> str:
    """Account number ``number`` of a matrix."""
    return str(sam.index[number])


class _Builder:
    """Reads cells and remembers which were read."""

    def __init__(self, sam: pd.DataFrame, accounts: Accounts) -> None:
        self.sam, self.a = sam, accounts
        self.values = sam.to_numpy(dtype=float)
        self.at = {str(name): i for i, name in enumerate(sam.index)}
        self.read = np.zeros(self.values.shape, dtype=bool)
        self.small = SMALL * float(self.values.max())
        self.joint = not accounts.industries
        self.makers = accounts.goods if self.joint else accounts.industries

    def cell(self, row: str, column: str) -> float:
        place = self.at[row], self.at[column]
        self.read[place] = True
        value = float(self.values[place])
        return value if value > self.small else 0.0

    def _elasticity(self, given: float | Mapping[str, float], name: str) -> float:
        return float(given.get(name, 1.0)) if isinstance(given, Mapping) else float(given)

    def _taxes(self, names: tuple[str, ...], column: str, base: float) -> tuple[Tax, ...]:
        found = []
        for name in names:
            value = self.cell(name, column)
            if value:
                found.append(Tax(value / base, self._receiver(name)))
        return tuple(found)

    def _receiver(self, tax: str) -> str:
        receivers = [c for c in self.a.consumers if self.cell(c, tax) > 0]
        if len(receivers) != 1:
            raise ModelError(
                "the tax account '{tax}' pays {number_of_receivers} consumers; one is expected",
                tax=tax,
                number_of_receivers=len(receivers),
            )
        return receivers[0]

    def _goods(self, column: str) -> list[Leaf]:
        leaves = [Leaf(bought(good), self.cell(good, column)) for good in self.a.goods]
        return [leaf for leaf in leaves if leaf.quantity]

    def _makes(self, maker: str) -> dict[str, float]:
        """Value of each good that an industry makes, its output tax included."""
        if not self.joint:
            return {g: v for g in self.a.goods if (v := self.cell(maker, g))}
        inputs = (*self.a.goods, *self.a.factors, *self.a.output_tax)
        return {maker: sum(self.cell(name, maker) for name in inputs)}

    def industries(self) -> list[Activity]:
        activities = []
        for maker in self.makers:
            makes = self._makes(maker)
            total = sum(makes.values())
            if not total:
                continue
            factors = tuple(Leaf(f, v) for f in self.a.factors if (v := self.cell(f, maker)))
            body = [*self._goods(maker)]
            if factors:
                value_added = Nest(self._elasticity(self.a.value_added, maker), factors, name="value added")
                body.append(value_added)  # type: ignore[arg-type]
            taxes = self._taxes(self.a.output_tax, maker, total)
            out = tuple(Leaf(made(good), value, taxes=taxes) for good, value in makes.items())
            inputs = Nest(self._elasticity(self.a.materials, maker), tuple(body), name="inputs")
            activities.append(Activity(maker, out[0] if len(out) == 1 else Nest(0.0, out), inputs))
        return activities

    def _exported(self, good: str) -> float:
        return self.cell(good, self.a.world)

    def _supplied(self, good: str) -> float:
        return sum(self._makes(m).get(good, 0.0) for m in self.makers)

    def sales(self) -> list[Activity]:
        activities = []
        for good in self.a.goods:
            supplied, exported = self._supplied(good), self._exported(good)
            if not supplied:
                continue
            if exported > supplied * (1 + 1e-9):
                raise ModelError(
                    "more of '{good}' is exported ({exported:g}) than made ({supplied:g})",
                    good=good,
                    exported=exported,
                    supplied=supplied,
                )
            kept = supplied - exported
            out = tuple(
                leaf for leaf in (Leaf(home(good), kept), Leaf(FOREIGN, exported)) if leaf.quantity > SMALL * supplied
            )
            tree = out[0] if len(out) == 1 else Nest(self._elasticity(self.a.transformation, good), out, name="sales")
            activities.append(Activity(f"{good} sold", tree, Leaf(made(good), supplied)))
        return activities

    def purchases(self) -> list[Activity]:
        activities = []
        for good in self.a.goods:
            kept = self._supplied(good) - self._exported(good)
            imported = self.cell(self.a.world, good)
            parts = []
            if kept > SMALL:
                parts.append(Leaf(home(good), kept))
            if imported:
                parts.append(Leaf(FOREIGN, imported, taxes=self._taxes(self.a.tariff, good, imported)))
            if not parts:
                continue
            tariff = sum(self.cell(name, good) for name in self.a.tariff)
            cost = kept + imported + tariff
            duty = sum(self.cell(name, good) for name in self.a.sales_tax)
            whole = cost + duty
            taxes = self._taxes(self.a.sales_tax, good, whole)
            sigma = self._elasticity(self.a.armington, good)
            tree = parts[0] if len(parts) == 1 else Nest(sigma, tuple(parts), name="origin")
            activities.append(Activity(f"{good} bought", Leaf(bought(good), whole, taxes=taxes), tree))
        return activities

    def consumer(self, name: str) -> Consumer:
        owned = [Endowment(f, v) for f in self.a.factors if (v := self.cell(name, f))]
        abroad = self.cell(name, self.a.world) - self.cell(self.a.world, name)
        if abroad:
            owned.append(Endowment(FOREIGN, abroad))
        receipts = float(self.values[self.at[name]].sum()) - self.cell(name, name)
        spendable = receipts - self.cell(self.a.world, name)
        gifts = {c: v / spendable for c in self.a.consumers if c != name and (v := self.cell(c, name))}
        basket = self._goods(name)
        if not basket:
            raise ModelError("consumer '{name}' buys no good; what only passes money on is no consumer", name=name)
        demand = Nest(self._elasticity(self.a.demand, name), tuple(basket), name="demand")
        return Consumer(name, demand, tuple(owned), gifts)

    def every_cell_has_a_place(self) -> None:
        left = (self.values > self.small) & ~self.read
        if left.any():
            row, column = np.argwhere(left)[0].tolist()
            raise ModelError(
                "the standard model has no place for ({row}, {column}), a cell of "
                "{values:g}; state such a model with activities and consumers of your own",
                row=named_at(self.sam, row),
                column=named_at(self.sam, column),
                values=self.values[row, column],
            )
