"""A capacity of an activity, whose rent somebody owns."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

from tanshi.equilibrium.engine.model import Commodity, Endowment, Model, ModelError
from tanshi.equilibrium.engine.names import nearest
from tanshi.equilibrium.engine.nest import Leaf, Nest
from tanshi.numerics.given import is_number


def capacity_of(activity: str) -> str:
    """Name of the commodity whose price is the rent of an activity's capacity."""
    return f"capacity of {activity}"


def with_capacity(model: Model, activity: str, limit: float, owner: str) -> Model:
    """The model in which an activity runs up to ``limit``, and ``owner`` earns what a scarce unit of it is worth.

    The capacity is a commodity that every unit of the activity needs and that the owner has ``limit`` of; its price is
    zero while some lies idle. ``Counterfactual.endow(owner, capacity_of(activity), ...)`` changes the limit.

    Raises
    ------
    ModelError
        for an activity or owner that the model does not have.
    """
    activities = {a.name for a in model.activities}
    if activity not in activities:
        raise ModelError(
            "no activity '{activity}' to limit: {nearest}",
            activity=activity,
            nearest=nearest(activity, sorted(activities)),
        )
    consumers = {c.name for c in model.consumers}
    if owner not in consumers:
        raise ModelError(
            "no consumer '{owner}' to own the capacity: {nearest}",
            owner=owner,
            nearest=nearest(owner, sorted(consumers)),
        )
    if not (is_number(limit) and isfinite(limit) and limit >= 0):
        raise ModelError(
            "the capacity of '{activity}' is {limit!r}; it must be a finite number >= 0", activity=activity, limit=limit
        )
    name = capacity_of(activity)
    if any(c.name == name for c in model.all_commodities()):
        raise ModelError(
            "activity '{activity}' has a capacity already; Counterfactual(...).endow(owner, capacity_of('{activity}'), "
            "...) changes it",
            activity=activity,
        )
    return replace(
        model,
        activities=tuple(
            replace(a, inputs=Nest(0.0, (a.inputs, Leaf(name, 1.0, price=0.0)))) if a.name == activity else a
            for a in model.activities
        ),
        consumers=tuple(
            replace(c, endowments=(*c.endowments, Endowment(name, limit))) if c.name == owner else c
            for c in model.consumers
        ),
        commodities=(*model.commodities, Commodity(name, price=0.0, free=True)),
    )
