"""What is refused of a model before anything is computed: parts that do not fit together, each named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np

from tanshi.equilibrium.engine.model import (
    Activity,
    Auxiliary,
    Commodity,
    Consumer,
    Endowment,
    Model,
    ModelError,
    Term,
)
from tanshi.equilibrium.engine.names import nearest
from tanshi.equilibrium.engine.nest import Leaf, Nest, Tax, Tree, benchmark_value, leaves
from tanshi.errors import Message

PLAIN = frozenset({int, float, np.float64})


def validate(model: Model) -> None:
    """Refuse a model whose parts do not fit together.

    Raises
    ------
    ModelError
        naming the activity, consumer, leaf or auxiliary and what is wrong with it.
    """
    _types(model)
    names = [a.name for a in model.activities] + [c.name for c in model.consumers] + [x.name for x in model.auxiliaries]
    for kind, given in (("names", names), ("commodities", [c.name for c in model.commodities])):
        twice = sorted(name for name, times in Counter(given).items() if times > 1)
        if twice:
            raise ModelError("{kind} used twice: {twice}", kind=kind, twice=", ".join(twice))
    for part, kind in ((model.activities, "activity"), (model.consumers, "consumer")):
        if not part:
            raise ModelError("the model has no {kind}; an economy needs at least one", kind=kind)
    for commodity in model.commodities:
        if not (isfinite(commodity.price) and commodity.price >= 0 and commodity.lower <= commodity.upper):
            raise ModelError(
                "commodity '{name}' has price {price} in [{lower}, {upper}]; a price is finite and "
                ">= 0, bounds are in order",
                name=commodity.name,
                price=commodity.price,
                lower=commodity.lower,
                upper=commodity.upper,
            )
    consumers = {c.name for c in model.consumers}
    auxiliaries = model.multipliers()
    commodities = {c.name for c in model.all_commodities()}
    if model.numeraire not in commodities | consumers:
        raise ModelError(
            "numeraire '{numeraire}' is not a commodity of the model, nor a consumer whose income "
            "could serve; a numeraire is needed: {nearest}",
            numeraire=model.numeraire,
            nearest=nearest(model.numeraire, sorted(commodities)),
        )
    worth = next((c.price for c in model.all_commodities() if c.name == model.numeraire), 1.0)
    if worth <= 0:
        raise ModelError(
            "numeraire '{numeraire}' has benchmark price {worth}; what everything is counted in is worth something",
            numeraire=model.numeraire,
            worth=worth,
        )
    for activity in model.activities:
        if not (isfinite(activity.level) and activity.level >= 0):
            raise ModelError(
                "activity '{name}' has level {level}; it must be finite and >= 0",
                name=activity.name,
                level=activity.level,
            )
        output = Message("output of activity '{activity}'", activity=activity.name)
        _check_tree(output, activity.output, -1, consumers, auxiliaries)
        inputs = Message("inputs of activity '{activity}'", activity=activity.name)
        _check_tree(inputs, activity.inputs, 1, consumers, auxiliaries)
    for consumer in model.consumers:
        where = Message("demand of consumer '{consumer}'", consumer=consumer.name)
        _check_tree(where, consumer.demand, 1, consumers, auxiliaries)
        _check_consumer(consumer, consumers, auxiliaries)
    _check_auxiliaries(model, commodities)
    _check_supply(model, commodities)


def _types(model: Model) -> None:
    """Each part is what the model's description says; the first that is not is named with its place."""
    if not isinstance(model, Model):
        raise ModelError("a Model is expected, found {found}", found=_found(model))
    parts: tuple[tuple[str, Iterable[Any], type], ...] = (
        ("activities", model.activities, Activity),
        ("consumers", model.consumers, Consumer),
        ("commodities", model.commodities, Commodity),
        ("auxiliaries", model.auxiliaries, Auxiliary),
    )
    for where, part, kind in parts:
        _all(Message("{where} of the model", where=where), part, kind)
        for number, item in enumerate(part):
            if not isinstance(item.name, str) or not item.name:
                raise ModelError(
                    "{where}[{number}] has the name {name!r}; a name is a text of one letter or more",
                    where=where,
                    number=number,
                    name=item.name,
                )
    if not isinstance(model.numeraire, str):
        raise ModelError(
            "the numeraire is {found}; give the name of a commodity or a consumer", found=_found(model.numeraire)
        )
    for activity in model.activities:
        _number(Message("level of activity '{activity}'", activity=activity.name), activity.level)
        _tree_types(Message("output of activity '{activity}'", activity=activity.name), activity.output)
        _tree_types(Message("inputs of activity '{activity}'", activity=activity.name), activity.inputs)
    for commodity in model.commodities:
        for field in ("price", "lower", "upper"):
            _number(
                Message("{field} of commodity '{commodity}'", field=field, commodity=commodity.name),
                getattr(commodity, field),
            )
    for consumer in model.consumers:
        _tree_types(Message("demand of consumer '{consumer}'", consumer=consumer.name), consumer.demand)
        _all(Message("endowments of consumer '{consumer}'", consumer=consumer.name), consumer.endowments, Endowment)
        for endowment in consumer.endowments:
            about = Message("endowments of consumer '{consumer}'", consumer=consumer.name)
            _name(Message("{where}: commodity", where=about), endowment.commodity)
            _name(Message("{where}: multiplier", where=about), endowment.multiplier, may_be_none=True)
            _number(
                Message(
                    "endowment of '{commodity}' of consumer '{consumer}'",
                    commodity=endowment.commodity,
                    consumer=consumer.name,
                ),
                endowment.quantity,
            )
        for what in ("income_shares", "subsistence"):
            given = getattr(consumer, what)
            if not hasattr(given, "items"):
                raise ModelError(
                    "{what} of consumer '{name}' is {found}; names with numbers expected",
                    what=what,
                    name=consumer.name,
                    found=_found(given),
                )
            for name, value in given.items():
                _name(Message("{what} of consumer '{consumer}'", what=what, consumer=consumer.name), name)
                _number(
                    Message(
                        "{what} of '{name}' of consumer '{consumer}'", what=what, name=name, consumer=consumer.name
                    ),
                    value,
                )
    for auxiliary in model.auxiliaries:
        _all(Message("terms of auxiliary '{auxiliary}'", auxiliary=auxiliary.name), auxiliary.terms, Term)
        for field in ("value", "lower", "upper", "scale"):
            _number(
                Message("{field} of auxiliary '{auxiliary}'", field=field, auxiliary=auxiliary.name),
                getattr(auxiliary, field),
            )
        for term in auxiliary.terms:
            _number(Message("a coefficient of auxiliary '{auxiliary}'", auxiliary=auxiliary.name), term.coefficient)


def _plain(leaf: Leaf) -> bool:
    """Whether a leaf is made of plain numbers and words, as nearly all are."""
    return (
        type(leaf.quantity) in PLAIN
        and type(leaf.price) in PLAIN
        and type(leaf.commodity) is str
        and leaf.commodity != ""
        and leaf.taxes == ()
        and leaf.decision is None
        and leaf.terms is None
        and type(leaf.name) is str
    )


def _tree_types(where: str, tree: object) -> None:
    if type(tree) is Leaf and _plain(tree):
        return
    if isinstance(tree, Nest):
        _number(Message("{where}: elasticity of nest '{tree}'", where=where, tree=tree.name), tree.sigma)
        _number(Message("{where}: augmentation of nest '{tree}'", where=where, tree=tree.name), tree.augment)
        if isinstance(tree.children, str | Leaf | Nest) or not isinstance(tree.children, Iterable):
            raise ModelError(
                "{where}: children of nest '{name}' are {found}; a tuple is expected",
                where=where,
                name=tree.name,
                found=_found(tree.children),
            )
        for child in tree.children:
            _tree_types(where, child)
        return
    if not isinstance(tree, Leaf):
        raise ModelError("{where}: a Leaf or a Nest is expected, found {found}", where=where, found=_found(tree))
    if type(tree.commodity) is not str or not tree.commodity:
        raise ModelError(
            "{where}: a leaf's commodity is {found}; a name is expected", where=where, found=_found(tree.commodity)
        )
    _number(Message("{where}: quantity of '{address}'", where=where, address=tree.address), tree.quantity)
    _number(Message("{where}: benchmark price of '{address}'", where=where, address=tree.address), tree.price)
    _all(Message("{where}: taxes on '{address}'", where=where, address=tree.address), tree.taxes, Tax)
    for tax in tree.taxes:
        _number(Message("{where}: tax rate on '{address}'", where=where, address=tree.address), tax.rate)
        about = Message("{where}: taxes on '{address}'", where=where, address=tree.address)
        _name(Message("{where}: receiver", where=about), tax.receiver)
        _name(Message("{where}: multiplier", where=about), tax.multiplier, may_be_none=True)
    about = Message("{where}: '{address}'", where=where, address=tree.commodity)
    if not isinstance(tree.name, str):
        _name(Message("{where}: name", where=about), tree.name)
    _name(Message("{where}: terms", where=about), tree.terms, may_be_none=True)
    _decision(about, tree.decision)


def _decision(where: str, given: object) -> None:
    if given is None:
        return
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise ModelError(
            "{where}: decision is {found}; two numbers, alpha and beta, are expected", where=where, found=_found(given)
        )
    for value in given:
        _number(Message("{where}: decision", where=where), value)


def _name(where: str, value: object, may_be_none: bool = False) -> None:
    if not (isinstance(value, str) and value) and not (may_be_none and value is None):
        raise ModelError("{where} is {found}; a name is expected", where=where, found=_found(value))


def _all(where: str, given: object, kind: type) -> None:
    """A sequence of one kind."""
    if not isinstance(given, Iterable) or isinstance(given, str):
        raise ModelError(
            "{where}: a tuple of {name} is expected, found {found}",
            where=where,
            name=kind.__name__,
            found=_found(given),
        )
    for number, item in enumerate(given):
        if not isinstance(item, kind):
            raise ModelError(
                "{where}[{number}]: {name} is expected, found {found}",
                where=where,
                number=number,
                name=kind.__name__,
                found=_found(item),
            )


def _number(where: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ModelError("{where} is {found}; a number is expected", where=where, found=_found(value))


def _found(value: object) -> str:
    shown = repr(value)
    return f"{shown if len(shown) <= 40 else shown[:37] + '...'} ({type(value).__name__})"


def _check_consumer(consumer: Consumer, consumers: set[str], auxiliaries: Container[str]) -> None:
    for name, quantity in consumer.subsistence.items():
        if not isfinite(quantity) or quantity < 0:
            raise ModelError(
                "subsistence of '{name}' of '{consumer_name}' is {quantity:g}; it must be >= 0",
                name=name,
                consumer_name=consumer.name,
                quantity=quantity,
            )
    for endowment in consumer.claims():
        if not isfinite(endowment.quantity):
            raise ModelError(
                "endowment of '{commodity}' of '{name}' is not finite",
                commodity=endowment.commodity,
                name=consumer.name,
            )
        if endowment.multiplier is not None and endowment.multiplier not in auxiliaries:
            raise ModelError(
                "consumer '{name}' names the unknown auxiliary '{multiplier}'",
                name=consumer.name,
                multiplier=endowment.multiplier,
            )
    for receiver, share in consumer.income_shares.items():
        if receiver not in consumers:
            raise ModelError(
                "consumer '{name}' pays income to the unknown consumer '{receiver}'",
                name=consumer.name,
                receiver=receiver,
            )
        if not isfinite(share):
            raise ModelError(
                "income share of '{name}' to '{receiver}' is not finite", name=consumer.name, receiver=receiver
            )
    if sum(consumer.income_shares.values()) >= 1:
        raise ModelError("consumer '{name}' pays away all of its income and keeps none to spend", name=consumer.name)


def _check_auxiliaries(model: Model, commodities: set[str]) -> None:
    for auxiliary in model.auxiliaries:
        if auxiliary.pairs_price is not None and auxiliary.pairs_price not in commodities:
            raise ModelError(
                "auxiliary '{name}' pairs the unknown price '{pairs_price}'",
                name=auxiliary.name,
                pairs_price=auxiliary.pairs_price,
            )
        for term in auxiliary.terms:
            if not isfinite(term.coefficient):
                raise ModelError(
                    "auxiliary '{name}' has the coefficient {coefficient}",
                    name=auxiliary.name,
                    coefficient=term.coefficient,
                )
        if auxiliary.lower > auxiliary.upper:
            raise ModelError("auxiliary '{name}' has lower bound above its upper bound", name=auxiliary.name)
        if not (isfinite(auxiliary.scale) and auxiliary.scale > 0):
            raise ModelError(
                "auxiliary '{name}' has scale {scale}; it must be positive", name=auxiliary.name, scale=auxiliary.scale
            )
    paired = Counter(x.pairs_price for x in model.auxiliaries if x.pairs_price is not None)
    for price in sorted(p for p, times in paired.items() if times > 1):
        raise ModelError("two auxiliaries pair the price of '{price}'; one equation sets one price", price=price)


def _check_tree(where: str, tree: Tree, sign: int, consumers: set[str], auxiliaries: Mapping[str, float]) -> None:
    if isinstance(tree, Nest):
        if not tree.children:
            raise ModelError("{where}: nest '{name}' has no children", where=where, name=tree.name)
        if not (isfinite(tree.sigma) and tree.sigma >= 0):
            raise ModelError(
                "{where}: nest '{name}' has elasticity {sigma}; it must be finite and >= 0",
                where=where,
                name=tree.name,
                sigma=tree.sigma,
            )
        if not (isfinite(tree.augment) and tree.augment > 0):
            raise ModelError(
                "{where}: nest '{name}' has augmentation {augment}; it must be positive",
                where=where,
                name=tree.name,
                augment=tree.augment,
            )
        for child in tree.children:
            if tree.sigma > 0 and benchmark_value(child, sign, auxiliaries) <= 0:
                label = child.address if isinstance(child, Leaf) else child.name
                raise ModelError(
                    "{where}: '{label}' has no value in the benchmark, so it cannot stand in nest "
                    "'{name}' with elasticity {sigma:g}; put it in a nest with elasticity 0",
                    where=where,
                    label=label,
                    name=tree.name,
                    sigma=tree.sigma,
                )
            _check_tree(where, child, sign, consumers, auxiliaries)
        value = benchmark_value(tree, sign, auxiliaries)
        if value <= 0:
            raise ModelError(
                "{where}: nest '{name}' has benchmark value {value:g}; it must be positive",
                where=where,
                name=tree.name,
                value=value,
            )
        return
    if not isfinite(tree.quantity) or tree.quantity < 0:
        raise ModelError(
            "{where}: '{address}' has quantity {quantity}; it must be finite and >= 0",
            where=where,
            address=tree.address,
            quantity=tree.quantity,
        )
    if not isfinite(tree.price) or tree.price < 0:
        raise ModelError(
            "{where}: '{address}' has benchmark price {price}; it must be finite and >= 0",
            where=where,
            address=tree.address,
            price=tree.price,
        )
    for tax in tree.taxes:
        if tax.receiver not in consumers:
            raise ModelError(
                "{where}: the tax on '{address}' is paid to nobody: unknown consumer '{receiver}'",
                where=where,
                address=tree.address,
                receiver=tax.receiver,
            )
        if not isfinite(tax.rate):
            raise ModelError(
                "{where}: the tax rate on '{address}' is {rate}", where=where, address=tree.address, rate=tax.rate
            )
        if tax.multiplier is not None and tax.multiplier not in auxiliaries:
            raise ModelError(
                "{where}: the tax on '{address}' names the unknown auxiliary '{multiplier}'",
                where=where,
                address=tree.address,
                multiplier=tax.multiplier,
            )
    if tree.terms is not None and tree.terms not in auxiliaries:
        raise ModelError(
            "{where}: '{address}' names the unknown auxiliary '{terms}'",
            where=where,
            address=tree.address,
            terms=tree.terms,
        )


def _check_supply(model: Model, commodities: set[str]) -> None:
    made = {leaf.commodity for a in model.activities for leaf in leaves(a.output)}
    made |= {e.commodity for c in model.consumers for e in c.claims()}
    used = {leaf.commodity for a in model.activities for leaf in leaves(a.inputs)}
    used |= {leaf.commodity for c in model.consumers for leaf in leaves(c.demand)}
    used |= {e.commodity for c in model.consumers for e in c.claims() if e.quantity < 0 or e.multiplier}
    for name in sorted(commodities):
        if name not in made:
            raise ModelError("commodity '{name}' is used but nobody makes or owns it", name=name)
        if name not in used:
            raise ModelError("commodity '{name}' is made or owned but nobody uses it", name=name)
